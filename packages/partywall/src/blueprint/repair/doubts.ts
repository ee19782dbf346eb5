/** What is missing may be there under another name, with its rows: then a person decides. */
import type { BlueprintDifference } from '../blueprint-difference.ts'
import type { Found } from './objects.ts'

export class Doubts {
  readonly #tablesWithExtraColumn: ReadonlySet<string>
  readonly #hasExtraTable: boolean
  readonly #hasExtraSequence: boolean

  constructor(differences: readonly BlueprintDifference[]) {
    const extra = differences.filter(({ change }) => change === 'extra')
    const columns = extra.filter(({ kind }) => kind === 'column')
    this.#tablesWithExtraColumn = new Set(
      columns.map(({ name, actual }) => name.slice(0, -(actual as { name: string }).name.length - 1)),
    )
    this.#hasExtraTable = extra.some(({ kind }) => kind.endsWith('table'))
    this.#hasExtraSequence = extra.some(({ kind }) => kind === 'sequence')
  }

  hasExtraColumn(table: string): boolean {
    return this.#tablesWithExtraColumn.has(table)
  }

  mayBeElsewhere(found: Found): boolean {
    switch (found.is) {
      case 'column':
        return this.hasExtraColumn(found.relation.name)
      case 'relation':
        return this.#hasExtraTable && found.relation.kind.endsWith('table')
      case 'sequence':
        return this.#hasExtraSequence
      default:
        return false
    }
  }
}
