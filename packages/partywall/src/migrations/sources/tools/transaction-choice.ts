/** How a module says that its migration runs outside of a transaction: `export const config = { transaction: false }`, the way of Knex. */
import type { CodeFile } from './code-folder.ts'

export function isRunOutside({ module }: CodeFile): boolean {
  return (module['config'] as { transaction?: unknown } | undefined)?.transaction === false
}

/** The part of a migration that says it. */
export function transactionOf(isInTransaction: boolean): { transaction?: false } {
  return isInTransaction ? {} : { transaction: false }
}
