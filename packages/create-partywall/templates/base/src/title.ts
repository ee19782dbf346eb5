/** The title in the body of a request; undefined where there is none that can be stored. */
export function titleOf(body: unknown): string | undefined {
  const { title } = (body ?? {}) as { title?: unknown }
  if (typeof title !== 'string') return undefined
  const text = title.trim()
  // PostgreSQL stores no zero byte.
  return text === '' || text.length > 200 || text.includes('\0') ? undefined : text
}

export const titleProblem = 'The title must be a text of 1 to 200 characters.'
