/** A text with one placeholder, such as `tenant-{schema}`: reads the name from a text of this form, and writes it. */
import { TenancyError } from '../errors.ts'
import { seen } from '../seen.ts'

export interface NamePattern {
  /** The name in this text; undefined when the text has another form. */
  read(text: string): string | undefined
  write(name: string): string
}

/**
 * @param what the function that has the option, for messages
 * @param around what may stand around the placeholder
 * @throws TenancyError INVALID_OPTION
 */
export function namePattern(
  what: string,
  option: string,
  text: unknown,
  { placeholder, around, example }: { readonly placeholder: string; readonly around: RegExp; readonly example: string },
): NamePattern {
  const parts = typeof text === 'string' ? text.split(`{${placeholder}}`) : []
  const [before, after] = parts
  if (parts.length !== 2 || !around.test(before!) || !around.test(after!)) {
    const shown = seen(text, 'quoted')
    throw new TenancyError(
      'INVALID_OPTION',
      `The option "${option}" of ${what} must have {${placeholder}} exactly once, as in "${example}", not ${shown}.`,
      { details: { option, seen: shown } },
    )
  }
  return {
    read(name) {
      const isLonger = name.length > before!.length + after!.length
      if (!isLonger || !name.startsWith(before!) || !name.endsWith(after!)) return undefined
      return name.slice(before!.length, name.length - after!.length)
    },
    write: (name) => `${before!}${name}${after!}`,
  }
}
