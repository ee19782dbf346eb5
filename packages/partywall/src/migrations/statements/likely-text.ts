/**
 * The text of an expression, as far as it is known before it runs: its constants, put together as `||`, `format` and `concat` would, with a name
 * in the place of what is not known.
 */
import { textConstant } from './constants.ts'
import { fieldsOf, listOf, partsOf, type Fields, type Tree } from './grammar.ts'

/** Stands for what is not known: a name in a text that is put together. */
export const unknownName = 'partywall_unknown'

/** The text with a name in the place of each part that is not known. */
export function likelyText({ tree }: { readonly tree: Tree }): string {
  return textOf(valueOf(tree))
}

/** An expression of PL/pgSQL as a statement. */
export function asStatement(expression: string): string {
  return `select ${expression}`
}

/** The value of `select …`. */
export function valueOf(tree: Tree): unknown {
  const [target] = listOf(fieldsOf(tree, 'SelectStmt')?.['targetList'])
  return fieldsOf(target, 'ResTarget')?.['val']
}

export function textOf(value: unknown): string {
  const constant = textConstant(value)
  if (constant !== undefined) return constant.text
  const joined = fieldsOf(value, 'A_Expr')
  if (joined !== undefined && partsOf(joined['name']).at(-1) === '||') return textOf(joined['lexpr']) + textOf(joined['rexpr'])
  const cast = fieldsOf(value, 'TypeCast')
  if (cast !== undefined) return textOf(cast['arg'])
  const call = fieldsOf(value, 'FuncCall')
  return call === undefined ? unknownName : calledText(call)
}

function calledText({ funcname, args }: Fields): string {
  const values = listOf(args)
  const name = partsOf(funcname).at(-1)
  if (name === 'format') return formatted(textOf(values[0]), values.slice(1))
  if (name === 'concat') return values.map(textOf).join('')
  if (name === 'quote_literal' || name === 'quote_nullable') return "'x'"
  return name === 'quote_ident' && textConstant(values[0]) !== undefined ? JSON.stringify(textOf(values[0])) : unknownName
}

function formatted(pattern: string, values: readonly unknown[]): string {
  let text = ''
  let from = 0
  for (const { start, end, kind, index } of placeholders(pattern)) {
    const value = textOf(values[index])
    text +=
      pattern.slice(from, start) + (kind === 'L' ? "'x'" : kind === 'I' && value !== unknownName ? JSON.stringify(value) : value)
    from = end
  }
  return (text + pattern.slice(from)).replaceAll('%%', '%')
}

interface Placeholder {
  readonly start: number
  readonly end: number
  readonly kind: string
  /** Which value it is for. */
  readonly index: number
}

/** `%I`, `%s`, `%L`, `%1$I` in the pattern of a format. */
export function placeholders(pattern: string): Placeholder[] {
  let next = 0
  return [...pattern.matchAll(/%(?:%|(?:(\d+)\$)?-?\d*([sIL]))/g)].flatMap(
    ({ 0: written, 1: position, 2: kind, index: start }) => {
      if (kind === undefined) return []
      next = position === undefined ? next + 1 : Number(position)
      return [{ start, end: start + written.length, kind, index: next - 1 }]
    },
  )
}
