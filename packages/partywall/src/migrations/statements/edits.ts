/** Changes of a text at places that are known, so that every line keeps its number and every offset can be found again. */

interface Edit {
  readonly start: number
  readonly end: number
  readonly text: string
}

export class Edits {
  readonly #edits: Edit[] = []

  get isEmpty(): boolean {
    return this.#edits.length === 0
  }

  /** Takes over the changes that others found in the same text. */
  add(others: Edits): void {
    this.#edits.push(...others.#edits)
  }

  /** Puts `text` in the place of a part. Line breaks of that part stay, behind the new text. */
  replace(start: number, end: number, text: string): void {
    this.#edits.push({ start, end, text })
  }

  insert(at: number, text: string): void {
    this.replace(at, at, text)
  }

  remove(start: number, end: number): void {
    this.replace(start, end, '')
  }

  /**
   * The changed text, and where an offset of the old text is in it. An edit inside of a part that another one replaces counts as done with that
   * one.
   */
  apply(text: string): { readonly text: string; at(offset: number): number } {
    const moves: (readonly [from: number, by: number])[] = []
    let result = ''
    let from = 0
    for (const edit of this.#edits.toSorted(byPlace)) {
      if (edit.start < from) continue
      const kept = edit.text + text.slice(edit.start, edit.end).replaceAll(/[^\n]/g, '')
      result += text.slice(from, edit.start) + kept
      from = edit.end
      moves.push([edit.end, result.length - edit.end])
    }
    const at = (offset: number): number => offset + (moves.findLast(([end]) => end <= offset)?.[1] ?? 0)
    return { text: result + text.slice(from), at }
  }
}

/** At one place, what is only put in comes first; then the wider of two edits. */
function byPlace(a: Edit, b: Edit): number {
  const isWider = (edit: Edit): number => (edit.end === edit.start ? Infinity : edit.end)
  return a.start - b.start || (isWider(a) === isWider(b) ? 0 : isWider(b) - isWider(a))
}
