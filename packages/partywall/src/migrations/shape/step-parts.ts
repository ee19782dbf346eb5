/**
 * The parts of a migration's SQL: what one transaction can hold, or one statement that PostgreSQL refuses inside of a transaction. Most
 * migrations are one part, and go into one transaction with those beside them. The others run part by part, and each part is recorded.
 */
import type { Migration, MigrationClient, MigrationContext, Step } from '../../ports/migration-source.ts'
import type { SqlStep } from './step-statements.ts'

export interface StatementOfPart {
  readonly number: number
  readonly start: number
  readonly end: number
}

export interface StepPart {
  /** Where it starts and ends in the text of the step. */
  readonly start: number
  readonly end: number
  /** Its statements, with their numbers in the file as it is written: BEGIN and COMMIT count. */
  readonly statements: readonly StatementOfPart[]
  /** It is one statement outside of transactions. */
  readonly isAlone: boolean
  /** How its transaction begins, where that matters: with an isolation level. */
  readonly begin?: string | undefined
}

/** What the review knows of the transactions that a step needs. */
export interface StepShape {
  /** The SQL that is sent, and as its file has it. */
  readonly sql: SqlStep
  readonly original: SqlStep
  /** The client that reviews the SQL when it is sent; undefined when it was reviewed before. */
  readonly clientOf?: ((context: MigrationContext<any>) => MigrationClient) | undefined
  readonly parts: readonly StepPart[]
  /** What it sets ends only with its transaction, so no other migration may follow there. */
  readonly endsTransaction: boolean
  /** Values that it adds to enums. */
  readonly addedValues: readonly string[]
  /** The text as it runs in the transaction that creates a tenant, where that is another one. */
  readonly textForNew?: string | undefined
}

const shapes = new WeakMap<Step, StepShape>()

export function setShape(step: Step, shape: StepShape): void {
  shapes.set(step, shape)
}

/** Undefined for code. */
export function shapeOf(step: Step): StepShape | undefined {
  return shapes.get(step)
}

/** Whether a step of this migration must run outside of the transaction that holds the migrations beside it. */
export function runsOutside({ transaction }: Migration, step: Step): boolean {
  const parts = shapes.get(step)?.parts
  if (parts === undefined) return transaction === false
  return parts.length > 1 || parts.some(({ isAlone, begin }) => isAlone || begin !== undefined)
}
