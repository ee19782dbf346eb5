/**
 * On whose behalf the running code works: what the audit names as the actor. One value for all tenancies of a process, because a person is the same one
 * in each of them. As with the current tenant there is no "set": an actor ends with the function that was run.
 */
import { AsyncLocalStorage } from 'node:async_hooks'
import { TenancyError } from '../errors.ts'

const storage = new AsyncLocalStorage<string | undefined>()

export const longestActor = 200

/**
 * Runs `fn` on behalf of this actor. Calls may be nested: the innermost actor counts.
 * @throws TenancyError INVALID_ARGUMENT
 */
export async function actingAs<T>(actor: string, fn: () => T): Promise<Awaited<T>> {
  assertActor(actor)
  return await storage.run(actor, async () => await fn())
}

/** The current actor; undefined where none was named. */
export function currentActor(): string | undefined {
  return storage.getStore()
}

/** A function that runs `fn` on behalf of the current actor, or of none, wherever it is called. */
export function withActor<Args extends unknown[], R>(fn: (...args: Args) => R): (...args: Args) => R {
  const actor = currentActor()
  return (...args) => storage.run(actor, () => fn(...args))
}

/** Runs `fn` on behalf of no one: the work of a job is not that of the caller who started the worker. */
export function withoutActor<T>(fn: () => T): T {
  return storage.run(undefined, fn)
}

/** Text in which each character is shown where it stands: a line break or a change of direction could make an entry look like another one. */
export function isPlainText(text: string): boolean {
  return text.isWellFormed() && !/[\p{Cc}\p{Zl}\p{Zp}\p{Bidi_Control}]/u.test(text)
}

/** Does not repeat the text, which may come from a request. */
function assertActor(actor: unknown): asserts actor is string {
  const isActor = typeof actor === 'string' && actor.trim() !== '' && [...actor].length <= longestActor && isPlainText(actor)
  if (isActor) return
  throw new TenancyError(
    'INVALID_ARGUMENT',
    `The actor of tenancy.actingAs must be text of 1 to ${longestActor} characters, without control characters, line breaks and marks that change ` +
      "the direction of text. Name the user by an id, e.g. 'user:42'.",
    { details: { option: 'actor' } },
  )
}
