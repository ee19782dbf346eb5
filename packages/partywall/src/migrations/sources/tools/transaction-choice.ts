/** How a module says that its migration runs outside of a transaction: `export const config = { transaction: false }`, the way of Knex. */
import type { CodeFile } from './code-folder.ts'

export function isRunOutside({ module }: CodeFile): boolean {
  return (module['config'] as { transaction?: unknown } | undefined)?.transaction === false
}

/**
 * For tools that open no transaction themselves: there a migration that creates an index concurrently has no need to say anything. The text
 * of the file decides, because what code sends is not known before it runs.
 */
export function isRunOutsideByText(file: CodeFile): boolean {
  return isRunOutside(file) || /\bconcurrently\b/i.test(file.text)
}

/** The part of a migration that says it. */
export function transactionOf(isInTransaction: boolean): { transaction?: false } {
  return isInTransaction ? {} : { transaction: false }
}
