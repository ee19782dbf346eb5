/**
 * SQL that is put together at run time: the expression of EXECUTE. A constant is the statement that it holds. Of anything else the constant
 * parts are known, and often the kind of the statement and some of its names: `format('alter table plans add %I int', x)`.
 */
import type { SqlStatement } from '../../sql/lexer.ts'
import { fieldsOf, listOf, partsOf, walk, type Tree } from '../statements/grammar.ts'
import { textConstant } from '../statements/constants.ts'
import { placeholders, textOf, valueOf } from '../statements/likely-text.ts'
import { edit, literalAt, literalIn, placeNear } from './passages.ts'
import { publicPrefixes } from './public-names.ts'
import type { Passage, ReviewContext } from './review-context.ts'
import * as say from './refusals.ts'

/** An expression as a statement of its own. */
export interface Expression {
  readonly tree: Tree
  readonly passage: Passage
  readonly statement: SqlStatement
}

/** The text that the expression holds when it is a constant, or a format of one without a placeholder. */
export function constantStatement({ tree, passage, statement }: Expression): Passage | undefined {
  const value = valueOf(tree)
  const call = fieldsOf(value, 'FuncCall')
  const [pattern, ...values] =
    call !== undefined && partsOf(call['funcname']).at(-1) === 'format' ? listOf(call['args']) : [value]
  const constant = textConstant(pattern)
  if (constant === undefined || values.length > 0 || (call !== undefined && constant.text.includes('%'))) return undefined
  const span = literalAt(passage.text, statement, constant.location)
  return span && literalIn(passage, span)
}

/** The variables that an expression reads. */
export function variablesIn({ tree }: Expression): string[] {
  const names: string[] = []
  walk(tree, (kind, at) => {
    if (kind === 'ColumnRef') names.push(...partsOf(at['fields']).slice(0, 1))
  })
  return names
}

/**
 * `public.` in the constant parts.
 * @param isOwn whether a name is the tenant's
 * @returns the names that stay, and whether something was changed
 */
export function reviewParts(
  { tree, passage, statement }: Expression,
  context: ReviewContext,
  isOwn: (name: string) => boolean,
): { readonly ofPublic: readonly string[]; readonly isChanged: boolean } {
  const { place, refuse } = context
  const ofPublic: string[] = []
  let isChanged = false
  const isLeft = place.isShared && (place.sharedSchema === 'public' || place.public === 'refuse')
  if (place.public === 'keep' || isLeft) return { ofPublic, isChanged }
  const value = valueOf(tree)
  const text = textOf(value)
  const data = dataIn(tree)
  const schemas = publicPrefixes(text).length === 0 ? [] : schemasIn(value)
  walk(tree, (kind, at) => {
    const constant = kind === 'A_Const' ? textConstant({ A_Const: at }) : undefined
    if (constant === undefined || data.has(constant.location)) return
    const span = literalAt(passage.text, statement, constant.location)
    const isSchema = schemas.includes(constant.location)
    const prefixes = publicPrefixes(constant.text, text.endsWith(constant.text)).filter(({ name, isCut }) => {
      const isRemoved = isCut || (name !== undefined && isOwn(name))
      if (!isRemoved && name !== undefined) ofPublic.push(name)
      return isRemoved
    })
    if (!isSchema && prefixes.length === 0) return
    const literal = span && literalIn(passage, span)
    if (place.public === 'refuse' || literal === undefined) {
      const what = isSchema ? "'public'" : `public.${prefixes[0]!.name ?? '…'}`
      return refuse(placeNear(passage, span?.[0] ?? statement.start), say.inDynamic(what))
    }
    if (isSchema) edit(passage, span!, 'current_schema()', context)
    for (const { start, end } of prefixes) edit(literal, [start, end], '', context)
    isChanged = true
  })
  return { ofPublic, isChanged }
}

/** The places of constants that are quoted as values. */
function dataIn(tree: Tree): ReadonlySet<unknown> {
  const values: unknown[] = []
  walk(tree, (kind, at) => {
    if (kind !== 'FuncCall') return
    const [name, args] = [partsOf(at['funcname']).at(-1), listOf(at['args'])]
    if (name === 'quote_literal' || name === 'quote_nullable') values.push(...args)
    if (name === 'format') {
      const quoted = placeholders(textOf(args[0])).filter((placeholder) => placeholder.kind === 'L')
      values.push(...quoted.map(({ index }) => args[index + 1]))
    }
  })
  return new Set(values.flatMap((value) => textConstant(value)?.location ?? []))
}

/** The places of constants `'public'` that become a part of the text; one that is quoted as a value is data. */
function schemasIn(value: unknown): unknown[] {
  const constant = textConstant(value)
  if (constant !== undefined) return constant.text === 'public' ? [constant.location] : []
  const joined = fieldsOf(value, 'A_Expr')
  if (joined !== undefined) return [...schemasIn(joined['lexpr']), ...schemasIn(joined['rexpr'])]
  const cast = fieldsOf(value, 'TypeCast')
  if (cast !== undefined) return schemasIn(cast['arg'])
  const { funcname, args } = fieldsOf(value, 'FuncCall') ?? {}
  const [name, values] = [partsOf(funcname).at(-1), listOf(args)]
  if (name === 'format')
    return placeholders(textOf(values[0])).flatMap(({ kind, index }) => (kind === 'L' ? [] : schemasIn(values[index + 1])))
  return name === 'quote_ident' || name === 'concat' ? values.flatMap(schemasIn) : []
}
