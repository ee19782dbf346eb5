/** What the statements of a step do to enums, in their order, with the places of what would be changed. */
import { splitStatements } from '../../sql/lexer.ts'
import { embeddedIn } from '../statements/embedded-in.ts'
import { fieldsOf, listOf, nodeOf, partsOf, stringOf, type Fields, type Grammar } from '../statements/grammar.ts'
import { statementsOf, type SqlStep } from '../shape/step-statements.ts'

export interface PlaceInStep {
  readonly step: SqlStep
  readonly start: number
  readonly end: number
}

export type EnumEvent = { readonly name: string } & (
  | { readonly kind: 'create'; readonly values: readonly string[]; /** Where the values stand. */ readonly list: PlaceInStep }
  | {
      readonly kind: 'add'
      readonly value: string
      readonly neighbor: string | undefined
      readonly isBefore: boolean
      readonly ifNotExists: boolean
      /** The whole statement. */
      readonly place: PlaceInStep
      readonly inBlock: boolean
    }
  | { readonly kind: 'rename value'; readonly from: string; readonly to: string }
  | { readonly kind: 'rename'; readonly to: string }
  | { readonly kind: 'drop' }
  /** The statement may be about the type, and its effect or its place is not known. */
  | { readonly kind: 'unclear' }
)

export function enumEvents(step: SqlStep, grammar: Grammar): EnumEvent[] {
  return statementsOf(step).flatMap(({ start, end, verb }) => {
    const text = step.text.slice(start, end)
    if (verb === 'do') return eventsInBlock(step, start, text, grammar)
    return aboutTypes.test(text) ? eventsOf(step, start, text, grammar, false) : []
  })
}

const aboutTypes = /^(?:create|alter|drop)\s+type\b/i

/** A guard that looks whether the type or the value is there lets a new tenant pass; what another condition does is not known. */
function eventsInBlock(step: SqlStep, start: number, text: string, grammar: Grammar): EnumEvent[] {
  if (!/\btype\b/i.test(text)) return []
  const isGuarded =
    /\b(?:if\b(?!\s+(?:not\s+)?exists\s+['"\w])|case\b|loop\b)/i.test(text) &&
    !/\bpg_(?:type|enum)\b|\benumlabel\b|\bto_regtype\b/i.test(text)
  return embeddedIn(grammar, text).flatMap((inner) => {
    if (!aboutTypes.test(inner.text)) return []
    const events = eventsOf(step, start + (inner.start ?? 0), inner.text, grammar, true)
    return isGuarded || inner.start === undefined ? events.map(({ name }) => ({ name, kind: 'unclear' as const })) : events
  })
}

function eventsOf(step: SqlStep, start: number, text: string, grammar: Grammar, inBlock: boolean): EnumEvent[] {
  const tree = grammar.parse(text)
  const [kind, at] = (tree && nodeOf(tree)) ?? []
  if (kind === undefined || at === undefined) return []
  if (kind === 'CreateEnumStmt') {
    const list = listIn(text)
    if (list === undefined) return []
    return [
      {
        kind: 'create',
        name: nameOf(at['typeName']),
        values: listOf(at['vals']).map((value) => stringOf(value) ?? ''),
        list: { step, start: start + list[0], end: start + list[1] },
      },
    ]
  }
  if (kind === 'AlterEnumStmt') return [alterOf(at, { step, start, end: start + text.length }, inBlock)]
  if (kind === 'RenameStmt' && at['renameType'] === 'OBJECT_TYPE') {
    return [{ kind: 'rename', name: nameOf(at['object']), to: String(at['newname']) }]
  }
  if (kind !== 'DropStmt' || at['removeType'] !== 'OBJECT_TYPE') return []
  return listOf(at['objects']).map((one) => ({ kind: 'drop', name: nameOf(fieldsOf(one, 'TypeName')?.['names']) }))
}

function alterOf(at: Fields, place: PlaceInStep, inBlock: boolean): EnumEvent {
  const name = nameOf(at['typeName'])
  const value = String(at['newVal'])
  if (typeof at['oldVal'] === 'string') return { kind: 'rename value', name, from: at['oldVal'], to: value }
  return {
    kind: 'add',
    name,
    value,
    neighbor: at['newValNeighbor'] as string | undefined,
    isBefore: at['newValNeighbor'] !== undefined && at['newValIsAfter'] !== true,
    ifNotExists: at['skipIfNewValExists'] === true,
    place,
    inBlock,
  }
}

/** Where the values of CREATE TYPE … AS ENUM ( … ) stand, between the parentheses. */
function listIn(text: string): readonly [start: number, end: number] | undefined {
  const [statement] = splitStatements(text)
  const [open, close] = [statement?.tokens.indexOf('('), statement?.tokens.lastIndexOf(')')]
  if (statement === undefined || open === undefined || close === undefined || open === -1 || close < open) return undefined
  return [statement.spans[open]![1], statement.spans[close]![0]]
}

function nameOf(parts: unknown): string {
  return partsOf(parts).at(-1) ?? ''
}
