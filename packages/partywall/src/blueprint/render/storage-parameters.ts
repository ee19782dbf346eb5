import { identifier } from '../../names/identifier.ts'
import { literal } from '../../sql/literal.ts'

/** Options as the catalog has them, such as `fillfactor=70`, for the brackets behind WITH or SET. */
export function storageParameters(options: readonly string[], namespace = ''): string {
  return options
    .map((option) => {
      const [name, value] = split(option)
      return `${namespace}${identifier(name)} = ${literal(value)}`
    })
    .join(', ')
}

/** Options of foreign tables and their columns. */
export function foreignOptions(options: readonly string[]): string {
  return options
    .map((option) => {
      const [name, value] = split(option)
      return `${identifier(name)} ${literal(value)}`
    })
    .join(', ')
}

function split(option: string): readonly [name: string, value: string] {
  const at = option.indexOf('=')
  return [option.slice(0, at), option.slice(at + 1)]
}
