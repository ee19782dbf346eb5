/**
 * Lets V8's compiler come to rest before the process ends. Node.js waits for it at the end, and it may wait there for a garbage collection, which only the main thread can do: one
 * in some thousand commands then never ended (nodejs/node issue 54918). A deploy would stand still, with all of its work done.
 */
import { setTimeout as wait } from 'node:timers/promises'
import { setFlagsFromString } from 'node:v8'

/** Longer than most functions take to compile. */
const restMs = 15

/** No function is given to the compiler from now on. */
export function quietCompiler(): void {
  for (const flag of ['--no-opt', '--no-maglev', '--no-sparkplug']) setFlagsFromString(flag)
}

/** What the compiler had begun is done then: the main thread is free, so it can collect garbage for it. */
export async function compilerAtRest(): Promise<void> {
  await wait(restMs)
}
