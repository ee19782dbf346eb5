/**
 * Names in strings that PostgreSQL reads as names: `'public.books'::regclass`, `nextval('public.tickets')`. Other strings are data, and are
 * never changed.
 */
import type { SqlStatement } from '../../sql/lexer.ts'
import { fieldsOf, listOf, partsOf, walk, type Fields, type Tree } from '../statements/grammar.ts'
import { edit, literalAt, literalIn, placeNear } from './passages.ts'
import { textConstant } from '../statements/constants.ts'
import { publicPrefixes, soleNameOfPublic } from './public-names.ts'
import type { Passage, ReviewContext } from './review-context.ts'
import * as say from './refusals.ts'

/**
 * @param isOwn whether a name is the tenant's
 * @returns whether something was changed
 */
export function reviewStringNames(
  tree: Tree,
  passage: Passage,
  statement: SqlStatement,
  context: ReviewContext,
  isOwn: (name: string) => boolean,
): boolean {
  const { place, refuse } = context
  if (place.public === 'keep' || (place.isShared && (place.sharedSchema === 'public' || place.public === 'refuse'))) return false
  // A quick look: most statements hold no such string.
  if (!/public/i.test(passage.text.slice(statement.start, statement.end))) return false
  let isChanged = false
  for (const { text, location } of namesIn(tree)) {
    const name = soleNameOfPublic(text)
    if (name === undefined || !isOwn(name)) continue
    const span = literalAt(passage.text, statement, location)
    const literal = span && literalIn(passage, span)
    const near = placeNear(passage, span?.[0] ?? statement.start)
    if (place.public === 'refuse' || literal === undefined) return refuse(near, say.inString(name, 'a string'))
    const [prefix] = publicPrefixes(literal.text)
    edit(literal, [prefix!.start, prefix!.end], '', context)
    isChanged = true
  }
  return isChanged
}

type Constant = NonNullable<ReturnType<typeof textConstant>>

function namesIn(tree: Tree): Constant[] {
  const names = new Map<unknown, Constant>()
  const add = (value: unknown): void => {
    const constant = textConstant(value)
    if (constant !== undefined) names.set(constant.location, constant)
  }
  walk(tree, (kind, at) => {
    if (kind === 'TypeCast' && isTypeOfNames(at)) add(at['arg'])
    if (kind === 'FuncCall' && !textFunctions.has(partsOf(at['funcname']).at(-1) ?? '')) listOf(at['args']).forEach(add)
    if (kind === 'A_Expr') {
      const [left, right] = [at['lexpr'], at['rexpr']]
      if (castsToName(left)) [right, ...listOf(right), ...listOf(fieldsOf(right, 'A_ArrayExpr')?.['elements'])].forEach(add)
      if (castsToName(right)) add(left)
    }
  })
  return [...names.values()]
}

function castsToName(value: unknown): boolean {
  const cast = fieldsOf(value, 'TypeCast')
  return cast !== undefined && (isTypeOfNames(cast) || castsToName(cast['arg']))
}

function isTypeOfNames({ typeName }: Fields): boolean {
  const type = partsOf((typeName as Fields | undefined)?.['names']).at(-1)
  return /^reg(?:class|type|proc|procedure|oper|operator|config|dictionary|collation)$/.test(type ?? '')
}

/** Functions whose arguments are text, also where it looks like a name. */
const textFunctions = new Set(
  (
    'ascii btrim coalesce concat concat_ws convert_to decode encode format greatest initcap json_build_array json_build_object json_object ' +
    'jsonb_build_array jsonb_build_object jsonb_object least left length lower lpad ltrim md5 notify pg_notify position quote_ident quote_literal ' +
    'quote_nullable regexp_match regexp_matches regexp_replace repeat replace reverse right rpad rtrim sha256 split_part starts_with strpos ' +
    'string_agg string_to_array substr substring to_json to_jsonb translate trim upper'
  ).split(' '),
)
