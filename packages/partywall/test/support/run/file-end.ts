/**
 * What a helper undoes when the test file has ended. Many files share a process and its modules, so a hook at the top of a helper would run for the
 * first of them only.
 */
type Undo = () => unknown

const undos: Undo[] = []

export function atFileEnd(undo: Undo): void {
  undos.push(undo)
}

/** What each-file.ts calls when all tests and hooks of a file are done. */
export async function endFile(): Promise<void> {
  for (const undo of undos.splice(0).toReversed()) await undo()
}
