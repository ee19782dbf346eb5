/**
 * Reviews the migrations of a source before any of them runs: what they would do outside of the schema of a tenant is refused or taken out, by
 * the same rules whatever tool has written them. Only what runs is refused: a migration that was applied long ago stays as it is.
 */
import { createHash } from 'node:crypto'
import { BoundedMap } from '../../bounded-map.ts'
import { isTenancyError, TenancyError } from '../../errors.ts'
import type { Migration, MigrationClient, MigrationContext, Step } from '../../ports/migration-source.ts'
import { splitStatements } from '../../sql/lexer.ts'
import { Edits } from '../statements/edits.ts'
import { keepFacts, reviewedFacts } from './facts-by-step.ts'
import { loadGrammar, type Grammar } from '../statements/grammar.ts'
import { OwnedObjects } from './owned-objects.ts'
import type { ReviewContext, ReviewPlace, StatementFacts } from './review-context.ts'
import { reviewStatement } from './review-statement.ts'
import { reviewedClient, reviewedCode, type CodeReview } from './reviewed-client.ts'
import { SharedNames } from './shared-names.ts'
import { setShape, shapeOf } from '../shape/step-parts.ts'
import { readShape, type ReadShape } from '../shape/step-shape.ts'
import { lineOf, type SqlStep } from '../shape/step-statements.ts'

type Direction = 'up' | 'down'

/** The migrations of a source after their review. */
export interface ReviewedMigrations {
  /** All of them, in their order. One that is refused is as it was. */
  readonly all: readonly Migration[]
  /**
   * The same migration with a text that is fit for the schema.
   * @throws TenancyError INVALID_MIGRATION when it must not run in this direction
   */
  fit(migration: Migration, direction: Direction): Migration
  /** Why up migrations must not run: one error for each statement, in the order of the migrations. */
  readonly problems: readonly TenancyError<'INVALID_MIGRATION'>[]
  /** The extensions whose creation is left out of up migrations in SQL. */
  readonly leftOut: readonly string[]
}

/**
 * Reads every statement of these migrations. What a text comes to is kept for the next call. Costs some 0.1 ms for each statement, and the
 * first time in a process some 30 ms.
 * @throws TenancyError INVALID_OPTION when the grammar of PostgreSQL cannot be loaded
 */
export async function reviewMigrations(migrations: readonly Migration[], place: ReviewPlace): Promise<ReviewedMigrations> {
  const grammar = await loadGrammar()
  const key = keyOf(migrations, place)
  const texts = known.get(key) ?? reviewTexts(migrations, place, grammar)
  known.set(key, texts, migrations.length)
  const review = { place, grammar, sharedNames: new SharedNames(place.sharedSchema) }
  const reviewed = new Map<string, { readonly migration: Migration; readonly texts: ReviewedTexts }>()
  for (const [index, migration] of migrations.entries()) {
    reviewed.set(migration.name, { migration: withTexts(migration, texts[index]!, review), texts: texts[index]! })
  }
  return {
    all: [...reviewed.values()].map(({ migration }) => migration),
    fit: ({ name }, direction) => {
      const found = reviewed.get(name)!
      const problem = found.texts[direction]?.problems[0]
      if (problem !== undefined) throw problem
      return found.migration
    },
    problems: texts.flatMap(({ up }) => up?.problems ?? []),
    leftOut: [
      ...new Set(
        texts
          .flatMap(({ up }) => (up && reviewedFacts(up.step)) ?? [])
          .flatMap(({ leftOut }) => leftOut.map(({ extension }) => extension)),
      ),
    ],
  }
}

interface ReviewedText {
  readonly step: SqlStep
  /** Code ran before it, and the text names what that code may have created: it is reviewed again when it is sent. */
  readonly isOpen: boolean
  readonly problems: readonly TenancyError<'INVALID_MIGRATION'>[]
}

/** Steps in code have no text here. */
interface ReviewedTexts {
  readonly up?: ReviewedText
  readonly down?: ReviewedText
}

/** By what was reviewed; weighed in migrations. */
const known = new BoundedMap<string, readonly ReviewedTexts[]>(5000)

function keyOf(migrations: readonly Migration[], place: ReviewPlace): string {
  const hash = createHash('sha256').update(JSON.stringify(place))
  for (const { name, file, up, down, sharedObjects, transaction } of migrations) {
    hash.update(JSON.stringify([name, file, sharedObjects, transaction, textOf(up), down && textOf(down)]))
  }
  return hash.digest('hex')
}

function textOf(step: Step): unknown {
  return step.kind === 'sql' ? [step.text, step.line] : step.kind
}

/**
 * Migration by migration: what one of them creates exists for the next. The body of a function may name what a later one creates; where one does
 * so with `public.`, all are reviewed once more.
 */
function reviewTexts(
  migrations: readonly Migration[],
  place: ReviewPlace,
  grammar: Grammar,
  later?: OwnedObjects,
): ReviewedTexts[] {
  const owned = new OwnedObjects()
  const inBodies = new Set<string>()
  const texts = reviewInTurn(migrations, { grammar, place, owned, later, inBodies })
  if (later !== undefined || inBodies.size === 0) return texts
  const created = texts.flatMap(({ up }) => (up && reviewedFacts(up.step))?.flatMap((one) => one.created) ?? [])
  return created.some(({ name }) => inBodies.has(name))
    ? reviewTexts(migrations, place, grammar, new OwnedObjects(created))
    : texts
}

type ReviewBase = Pick<ReviewContext, 'grammar' | 'place' | 'owned' | 'later' | 'inBodies'>

function reviewInTurn(migrations: readonly Migration[], base: ReviewBase): ReviewedTexts[] {
  let isAfterCode = false
  return migrations.map((migration) => {
    const { up, down } = migration
    // In this order: the down migration starts from what the up migration has created.
    const review = (step: Step | undefined, from: OwnedObjects): ReviewedText | undefined =>
      step?.kind === 'sql' ? reviewText(migration, step, { ...base, isAfterCode, owned: from }) : undefined
    const reviewedUp = review(up, base.owned)
    isAfterCode ||= up.kind === 'code'
    const reviewedDown = down?.kind === 'sql' ? review(down, base.owned.copy()) : undefined
    return { ...(reviewedUp && { up: reviewedUp }), ...(reviewedDown && { down: reviewedDown }) }
  })
}

function reviewText(
  { file, name, sharedObjects, transaction }: Migration,
  step: SqlStep,
  base: ReviewBase & Pick<ReviewContext, 'isAfterCode'>,
): ReviewedText {
  const edits = new Edits()
  const found: StatementFacts[] = []
  const problems: TenancyError<'INVALID_MIGRATION'>[] = []
  const refuse = (offset: number, what: string): never => {
    const line = lineOf(step, offset)
    throw new TenancyError('INVALID_MIGRATION', `${file} has in line ${line} ${what}`, { details: { file, name, line } })
  }
  const statements = splitStatements(step.text)
  for (const statement of statements) {
    const context = { ...base, changesShared: sharedObjects === true, edits, refuse }
    try {
      const facts = reviewStatement({ text: step.text, offset: 0, near: statement.start }, statement, context)
      found.push({ ...facts, start: statement.start })
    } catch (error) {
      if (!isTenancyError(error, 'INVALID_MIGRATION')) throw error
      problems.push(error as TenancyError<'INVALID_MIGRATION'>)
    }
  }
  let shape: ReadShape | undefined
  try {
    shape = readShape(step, statements, { grammar: base.grammar, isMarked: transaction === false, refuse })
  } catch (error) {
    if (!isTenancyError(error, 'INVALID_MIGRATION')) throw error
    problems.push(error as TenancyError<'INVALID_MIGRATION'>)
  }
  const { step: reviewed, at } = shaped(step, edits, shape)
  keepFacts(
    reviewed,
    found.map((one) => ({
      ...one,
      start: at(one.start),
      changed: moved(one.changed, at),
      leftOut: moved(one.leftOut, at),
      unknown: moved(one.unknown, at),
    })),
  )
  const isOpen = base.isAfterCode && found.some(({ changed, ofPublic }) => ofPublic.length > 0 || changed.length > 0)
  const { step: asWritten } = isOpen ? shaped(step, new Edits(), shape) : { step: reviewed }
  keepFacts(asWritten, reviewedFacts(reviewed)!)
  return { step: asWritten, isOpen, problems }
}

function moved<T extends { readonly offset: number }>(all: readonly T[], at: (offset: number) => number): T[] {
  return all.map((one) => ({ ...one, offset: at(one.offset) }))
}

/** The step with its changes. */
function shaped(
  step: SqlStep,
  reviewEdits: Edits,
  shape: ReadShape | undefined,
): { readonly step: SqlStep; at(offset: number): number } {
  const edits = new Edits()
  edits.add(reviewEdits)
  if (shape !== undefined) edits.add(shape.edits)
  const { text, at } = edits.apply(step.text)
  // Another object, also when nothing has changed: what is known of a step belongs to one review.
  const sql: SqlStep = { ...step, text }
  if (shape === undefined) return { step: sql, at }
  const { forNew, endsTransaction, addedValues } = shape
  const parts = shape.parts(at)
  if (forNew !== undefined) edits.add(forNew)
  const textForNew = forNew && edits.apply(step.text).text
  setShape(sql, { sql, original: step, parts, endsTransaction, addedValues, textForNew })
  return { step: sql, at }
}

function withTexts(migration: Migration, { up, down }: ReviewedTexts, review: CodeReview): Migration {
  const fit = (step: Step, reviewed: ReviewedText | undefined): Step => {
    if (reviewed?.isOpen === false) return reviewed.step
    if (reviewed !== undefined) return sentAsCode(reviewed.step, migration, review)
    return reviewedCode(step, migration, review)
  }
  return Object.freeze({ ...migration, up: fit(migration.up, up), ...(migration.down && { down: fit(migration.down, down) }) })
}

/** SQL that is reviewed when it is sent. */
function sentAsCode(step: SqlStep, migration: Migration, review: CodeReview): Step {
  const clientOf = (context: MigrationContext<any>): MigrationClient => reviewedClient(context, migration, review)
  const code: Step = { kind: 'code', run: async (context) => void (await clientOf(context).query(step.text)) }
  const shape = shapeOf(step)
  if (shape !== undefined) setShape(code, { ...shape, clientOf })
  return code
}
