/**
 * Finds the parts of a migration's SQL. What runs is already in a transaction of partywall's, so BEGIN and COMMIT around statements are taken
 * off. They count where a statement must run outside of transactions: then each pair is a part. A COMMIT alone ends a part.
 */
import type { SqlStatement } from '../../sql/lexer.ts'
import { Edits } from '../statements/edits.ts'
import { mayUse, valuesAdded } from './enum-values.ts'
import { fieldsOf, listOf, type Fields, type Grammar } from '../statements/grammar.ts'
import { mayRunAlone, runInTransaction, runsAlone } from './runs-alone.ts'
import { confine, makeLocal, maySet, restorePath, settingsOf } from './settings.ts'
import type { StepPart } from './step-parts.ts'
import type { SqlStep } from './step-statements.ts'
import * as say from './transaction-refusals.ts'

/** The parts of a step, and the changes of its text that come with them. */
export interface ReadShape {
  readonly edits: Edits
  /** The parts in a text to which these edits and others were applied. */
  parts(at: (offset: number) => number): readonly StepPart[]
  /** More changes for the transaction that creates a tenant; undefined when there are none. */
  readonly forNew: Edits | undefined
  readonly endsTransaction: boolean
  readonly addedValues: readonly string[]
}

interface ShapeContext {
  readonly grammar: Grammar
  /** The file says that it runs outside of transactions. */
  readonly isMarked: boolean
  readonly refuse: (offset: number, what: string) => never
}

interface Item {
  readonly start: number
  readonly end: number
  /** The number of the statement in the file, from 1. */
  readonly number: number
  readonly isAlone: boolean
  /** The BEGIN … COMMIT that it is in; undefined outside of all. */
  readonly block: Block | undefined
  /** A part ends before it. */
  readonly isCut: boolean
}

interface Block {
  /** The BEGIN as it is written, where it names properties of the transaction. */
  readonly begin: string | undefined
}

/** @throws the error of `refuse` */
export function readShape(step: SqlStep, statements: readonly SqlStatement[], context: ShapeContext): ReadShape {
  return new ShapeReader(step, context).read(statements)
}

class ShapeReader {
  readonly #text: string
  readonly #context: ShapeContext
  readonly #edits = new Edits()
  readonly #items: Item[] = []
  readonly #settings = new Set<string>()
  readonly #setting: SqlStatement[] = []
  readonly #alone: SqlStatement[] = []
  readonly #added: string[] = []
  /** Where the BEGIN stands that is open. */
  #open: (Block & { readonly offset: number }) | undefined
  /** The properties of a transaction without BEGIN. */
  #properties: Block | undefined
  #setsConstraints = false
  #isCut = false
  /** Values that were added since the last cut. */
  #fresh: { readonly values: string[]; readonly block: Block | undefined }[] = []

  constructor({ text }: SqlStep, context: ShapeContext) {
    this.#text = text
    this.#context = context
  }

  read(statements: readonly SqlStatement[]): ReadShape {
    for (const [index, statement] of statements.entries()) this.#statement(statement, index + 1)
    if (this.#open !== undefined) this.#context.refuse(this.#open.offset, say.open)
    if (this.#items.length === 0 && statements.length > 0) this.#context.refuse(statements[0]!.start, say.empty)
    const isOutside = this.#isOutside()
    // A file outside of transactions has a session of its own, and its settings end with that.
    if (!isOutside) this.#confineSettings(this.#edits)
    return {
      edits: this.#edits,
      parts: (at) =>
        this.#parts(isOutside).map(({ start, end, statements: items, isAlone, begin }) => ({
          start: at(start),
          end: at(end),
          statements: items.map((one) => ({ number: one.number, start: at(one.start), end: at(one.end) })),
          isAlone,
          begin,
        })),
      forNew: this.#editsForNew(isOutside),
      endsTransaction: this.#setsConstraints,
      addedValues: this.#added,
    }
  }

  #confineSettings(edits: Edits): void {
    for (const statement of this.#setting) makeLocal(edits, statement)
    confine(edits, this.#text, [...this.#settings])
  }

  #editsForNew(isOutside: boolean): Edits | undefined {
    if (!isOutside && !this.#setsConstraints) return undefined
    const edits = new Edits()
    if (isOutside) {
      this.#confineSettings(edits)
      // Elsewhere, what a function sets for its transaction ends with each statement.
      for (const { end } of this.#items.slice(0, -1)) edits.insert(end, `; ${restorePath}`)
    }
    for (const statement of this.#alone) runInTransaction(edits, this.#text, statement)
    if (this.#setsConstraints) edits.insert(this.#text.length, '\n; set constraints all immediate')
    return edits
  }

  #isOutside(): boolean {
    const [first] = this.#items
    if (this.#context.isMarked) return true
    return this.#items.some((item) => item.isAlone || (item.isCut && item !== first) || item.block?.begin !== undefined)
  }

  #statement(statement: SqlStatement, number: number): void {
    const { start, end, tokens } = statement
    const text = this.#text.slice(start, end)
    const { grammar } = this.#context
    const isControl = controlVerbs.test(tokens[0]!)
    const isSetting = maySet(statement)
    const isCandidate = mayRunAlone(tokens)
    const tree = isControl || isSetting || isCandidate ? grammar.parse(text) : undefined
    const control = fieldsOf(tree, 'TransactionStmt')
    if (control !== undefined) return this.#control(control, statement, text)
    const properties = fieldsOf(tree, 'VariableSetStmt')
    if (properties?.['kind'] === 'VAR_SET_MULTI' && properties['name'] === 'TRANSACTION') {
      return this.#setProperties(statement, properties)
    }
    if (tree !== undefined && isSetting) {
      const found = settingsOf(grammar, text, tree, (what) => this.#context.refuse(start, what))
      for (const name of found.names) this.#settings.add(name)
      this.#setsConstraints ||= found.setsConstraints
      this.#setting.push(statement)
    }
    this.#enumValues(statement, text)
    const isAlone = isCandidate && tree !== undefined && runsAlone(grammar, text, tree)
    if (isAlone) this.#alone.push(statement)
    const block = this.#open ?? this.#properties
    this.#items.push({ start, end, number, isAlone, block, isCut: this.#isCut })
    this.#isCut = false
  }

  #control(at: Fields, { start, end, tokens }: SqlStatement, text: string): void {
    const kind = String(at['kind']).replace('TRANS_STMT_', '')
    const word = tokens.slice(0, /^(?:start|prepare)$/.test(tokens[0]!) || tokens[1] === 'prepared' ? 2 : 1).join(' ')
    if (at['chain'] === true || !/^(?:BEGIN|START|COMMIT)$/.test(kind)) this.#context.refuse(start, say.control(word, kind))
    this.#edits.remove(start, end)
    if (kind !== 'COMMIT') {
      // As psql, which warns: a transaction is in progress already.
      const begin = listOf(at['options']).length > 0 ? text : undefined
      this.#open ??= { begin, offset: start }
      return
    }
    if (this.#open === undefined && this.#items.length > 0) this.#cut()
    this.#open = undefined
    this.#properties = undefined
  }

  /** SET TRANSACTION: it counts as part of the BEGIN in front of it, or as the BEGIN of a file that has none. */
  #setProperties({ start, end }: SqlStatement, at: Fields): void {
    const last = this.#items.at(-1)
    const isFirst = this.#open === undefined ? last === undefined : last?.block !== this.#open
    if (!isFirst) this.#context.refuse(start, say.lateProperties)
    this.#edits.remove(start, end)
    if (listOf(at['args']).length === 0) return
    const properties = this.#text.slice(start, end).replace(/^set\s+(?:local\s+|session\s+)?transaction\s+/i, '')
    const before = this.#open?.begin
    const block = { begin: before === undefined ? `begin ${properties}` : `${before}, ${properties}` }
    if (this.#open === undefined) this.#properties = block
    else this.#open = { ...this.#open, ...block }
  }

  #enumValues(statement: SqlStatement, text: string): void {
    const block = this.#open
    // Inside of one BEGIN … COMMIT, PostgreSQL's own answer is right.
    const fresh = this.#fresh.filter((added) => block === undefined || added.block !== block).flatMap(({ values }) => values)
    if (mayUse(text, fresh)) this.#cut()
    const values = valuesAdded(this.#context.grammar, text, statement)
    if (values.length === 0) return
    this.#added.push(...values)
    this.#fresh.push({ values: [...values], block })
  }

  #cut(): void {
    this.#isCut = true
    this.#fresh = []
  }

  #parts(isOutside: boolean): StepPart[] {
    if (!isOutside) return [{ start: 0, end: this.#text.length, statements: this.#items, isAlone: false }]
    const parts: (StepPart & { readonly block: Block | undefined })[] = []
    for (const item of this.#items) {
      const { start, end, block, isCut } = item
      // A file with the marker runs as psql runs it: each statement by itself, unless the file says begin.
      const isAlone = item.isAlone || (this.#context.isMarked && block === undefined)
      const before = parts.at(-1)
      const goesOn = before !== undefined && !before.isAlone && !isAlone && !isCut && before.block === block
      if (goesOn) parts[parts.length - 1] = { ...before, end, statements: [...before.statements, item] }
      else parts.push({ start, end, statements: [item], isAlone, begin: isAlone ? undefined : block?.begin, block })
    }
    return parts
  }
}

const controlVerbs = /^(?:begin|start|commit|end|rollback|abort|savepoint|release|prepare|set)$/
