/** Attributes of a tenant, as flags give them. */
import { UsageError } from '../terminal/failure.ts'

/** `plan=pro`, `seats=5`, `tags=["a"]` as an object; undefined without any. */
export function parseAttributes(set: readonly string[] | undefined): Record<string, unknown> | undefined {
  if (set === undefined) return undefined
  return Object.fromEntries(
    set.map((pair) => {
      const at = pair.indexOf('=')
      if (at < 1)
        throw new UsageError(`--set takes key=value, such as --set plan=pro; this is ${JSON.stringify(pair.slice(0, 60))}.`)
      return [pair.slice(0, at), parseValue(pair.slice(at + 1))]
    }),
  )
}

/** What is JSON is read as JSON, and any other as text. */
export function parseValue(text: string): unknown {
  try {
    return JSON.parse(text)
  } catch {
    return text
  }
}
