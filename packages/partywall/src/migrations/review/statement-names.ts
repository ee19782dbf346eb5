/**
 * The names in one SQL statement, as far as partywall must know to which schema they lead: what the statement creates, drops and changes,
 * and every name with `public.` in front. This is no parser: it knows where the names are in statements that change a structure, and
 * treats a name in any other place as a reference only.
 */
import type { SqlStatement } from '../../sql/lexer.ts'

interface PublicName {
  /** The object, without its schema. */
  readonly name: string
  /** Where `public.` is in the text: from its first letter to the first letter of the name. */
  readonly start: number
  readonly end: number
  /** The statement creates, alters, drops or writes to the object; otherwise it only refers to it. */
  readonly isChanged: boolean
}

export interface StatementNames {
  /** Objects that exist after the statement, written without a schema or with `public`. */
  readonly created: readonly string[]
  /** Objects that no longer exist after it, written in the same ways. */
  readonly dropped: readonly string[]
  /** Objects that it alters, drops, truncates or adds to, written without a schema: the search path decides which object of that name. */
  readonly changed: readonly { readonly name: string; readonly start: number }[]
  readonly ofPublic: readonly PublicName[]
  /** What a statement does that creates, alters or drops something: the verb, the kind of object, and where the verb is in the text. */
  readonly change: { readonly verb: string; readonly kind: string; readonly start: number } | undefined
}

/** @param isBody the statement is in a DO block, where it may start after BEGIN or THEN */
export function statementNames(text: string, statement: SqlStatement, isBody = false): StatementNames {
  const words = new Words(text, statement)
  const heads = [0, ...(isBody ? words.indexesOf(opening).map((index) => index + 1) : [])].flatMap(
    (index) => words.headAt(index) ?? [],
  )
  const targets = new Set(heads.flatMap((head) => head.targets))
  return {
    created: [...heads.flatMap((head) => words.createdBy(head)), ...words.createdWithin()],
    dropped: heads.flatMap((head) => words.droppedBy(head)),
    changed: heads.flatMap((head) => words.changedBy(head)),
    ofPublic: words.ofPublic((index) => targets.has(index)),
    change: heads.at(-1),
  }
}

interface Head {
  readonly verb: string
  readonly kind: string
  readonly start: number
  /** Indexes of the tokens that name what is changed. */
  readonly targets: readonly number[]
  /** Index of the token that names what is created. An index has a name of its own, beside that of its table, or none. */
  readonly created?: number
}

class Words {
  readonly #text: string
  readonly #tokens: readonly string[]
  readonly #spans: SqlStatement['spans']

  constructor(text: string, { tokens, spans }: SqlStatement) {
    this.#text = text
    this.#tokens = tokens
    this.#spans = spans
  }

  indexesOf(words: ReadonlySet<string>): number[] {
    return this.#tokens.flatMap((_, index) => (this.#isOneOf(index, words) ? [index] : []))
  }

  /** What the statement that starts at this token changes; undefined when it changes no structure. */
  headAt(index: number): Head | undefined {
    const verb = this.#tokens[index]
    if (verb === undefined || !this.#isOneOf(index, verbs)) return undefined
    let at = this.#skip(index + 1, modifiers)
    const isNamed = this.#isOneOf(at, kinds)
    if (!isNamed && named.has(verb)) return undefined
    const kind = isNamed ? this.#tokens[at++]! : 'table'
    at = this.#skip(at, noise)
    const head = { verb, kind, start: this.#spans[index]![0] }
    const after = (word: string): number => this.#skip(this.#find(at, word) + 1, noise)
    if (kind === 'index' && verb === 'create') {
      return { ...head, targets: [after('on')], ...(this.#tokens[at] !== 'on' && { created: at }) }
    }
    // The table of a trigger follows ON; the trigger's own name has no schema.
    if (belongToTables.has(kind)) return { ...head, targets: [after(kind === 'rule' && verb === 'create' ? 'to' : 'on')] }
    const targets = verb === 'drop' || verb === 'truncate' ? this.#list(at) : [at]
    return { ...head, targets, ...(verb === 'create' && creatable.has(kind) && { created: at }) }
  }

  createdBy(head: Head): string[] {
    if (head.created !== undefined) return toList(this.#ownNameAt(head.created))
    const renamed = this.#renameOf(head)
    return renamed === undefined ? [] : toList(this.#nameAt(renamed))
  }

  droppedBy(head: Head): string[] {
    // Other functions may have the same name.
    const isGone = head.verb === 'drop' && creatable.has(head.kind) && !routines.has(head.kind)
    if (!isGone && this.#renameOf(head) === undefined) return []
    return head.targets.flatMap((target) => this.#ownNameAt(target) ?? [])
  }

  changedBy({ verb, kind, targets, created, start }: Head): { name: string; start: number }[] {
    if (verb === 'lock' || withoutSchema.has(kind)) return []
    const names = targets.filter((target) => target !== created && this.#tokens[target + 1] !== '.')
    return names.flatMap((target) => this.#nameAt(target) ?? []).map((name) => ({ name, start }))
  }

  /** The token of the new name in `alter table x rename to y`. */
  #renameOf({ verb, targets }: Head): number | undefined {
    if (verb !== 'alter') return undefined
    const at = this.#find(targets[0]!, 'rename')
    return this.#tokens[at + 1] === 'to' ? at + 2 : undefined
  }

  /** The sequence of an identity column, and the index of a constraint. */
  createdWithin(): string[] {
    return this.#tokens.flatMap((token, index) => {
      if (token === 'sequence' && this.#tokens[index + 1] === 'name') return this.#ownNameAt(index + 2) ?? []
      if (token === 'constraint' && this.#isOneOf(index + 2, indexed)) return this.#nameAt(index + 1) ?? []
      return []
    })
  }

  ofPublic(isTarget: (index: number) => boolean): PublicName[] {
    return this.#tokens.flatMap((token, index) => {
      if (token !== 'public' || this.#tokens[index + 1] !== '.' || this.#tokens[index - 1] === '.') return []
      const name = this.#nameAt(index + 2)
      if (name === undefined) return []
      const isChanged = isTarget(index) || this.#isWrittenTo(index)
      return { name, start: this.#spans[index]![0], end: this.#spans[index + 2]![0], isChanged }
    })
  }

  /** `insert into x`, `update x`, `delete from x`, `partition of x`, `grant … on table x`, … */
  #isWrittenTo(index: number): boolean {
    let before = index - 1
    while (this.#isOneOf(before, noise) || (this.#isOneOf(before, kinds) && this.#tokens[before - 1] === 'on')) before -= 1
    const [word, earlier] = [this.#tokens[before], this.#tokens[before - 1]]
    if (word === 'from') return earlier === 'delete'
    if (word === 'of' || word === 'partition') return earlier === 'partition' || earlier === 'attach' || earlier === 'detach'
    if (word === 'on') return this.#tokens[0] === 'grant' || this.#tokens[0] === 'revoke'
    return word === 'into' || word === 'update' || word === 'copy'
  }

  /** The targets of `drop table a, b.c`. */
  #list(at: number): number[] {
    const targets = [at]
    for (let end = this.#endOfName(at); this.#tokens[end] === ','; end = this.#endOfName(targets.at(-1)!)) {
      targets.push(this.#skip(end + 1, noise))
    }
    return targets
  }

  #endOfName(at: number): number {
    let end = at + 1
    while (this.#tokens[end] === '.') end += 2
    return end
  }

  /** The name that starts at this token, when it is written without a schema or with `public`. */
  #ownNameAt(at: number): string | undefined {
    if (this.#tokens[at + 1] !== '.') return this.#nameAt(at)
    return this.#tokens[at] === 'public' ? this.#nameAt(at + 2) : undefined
  }

  #nameAt(at: number): string | undefined {
    const span = this.#spans[at]
    if (span === undefined) return undefined
    const written = this.#text.slice(...span)
    if (written.startsWith('"')) return written.slice(1, -1).replaceAll('""', '"')
    return /^[a-z_\u0080-\uffff]/i.test(written) ? written.toLowerCase() : undefined
  }

  /** The first token that is this word, outside of parentheses; the end when there is none. */
  #find(start: number, word: string): number {
    let depth = 0
    for (let at = start; at < this.#tokens.length; at++) {
      const token = this.#tokens[at]
      if (token === '(') depth += 1
      if (token === ')') depth -= 1
      if (depth === 0 && token === word && !this.#isQuoted(at)) return at
    }
    return this.#tokens.length
  }

  #skip(start: number, words: ReadonlySet<string>): number {
    let at = start
    while (this.#isOneOf(at, words)) at += 1
    return at
  }

  #isOneOf(at: number, words: ReadonlySet<string>): boolean {
    const token = this.#tokens[at]
    return token !== undefined && words.has(token) && !this.#isQuoted(at)
  }

  /** A table may be called "table". */
  #isQuoted(at: number): boolean {
    return this.#text[this.#spans[at]![0]] === '"'
  }
}

function toList(name: string | undefined): string[] {
  return name === undefined ? [] : [name]
}

function wordSet(words: string): ReadonlySet<string> {
  return new Set(words.split(' '))
}

const opening = wordSet('begin then else loop')
const verbs = wordSet('create alter drop comment truncate refresh reindex cluster lock')
/** A kind of object follows these verbs; after the others, TABLE may be left out. */
const named = wordSet('create alter drop comment')
const modifiers = wordSet(
  'on or replace temp temporary global local unlogged unique recursive constraint foreign materialized event text search',
)
const noise = wordSet('if not exists only concurrently')
const creatable = wordSet(
  'table view sequence type domain function procedure aggregate index collation statistics configuration dictionary',
)
/** Objects outside of schemas, or found without the search path. */
const withoutSchema = wordSet('schema extension operator')
const routines = wordSet('function procedure aggregate')
const belongToTables = wordSet('trigger policy rule')
const kinds = new Set([...creatable, ...belongToTables, 'routine', 'column', 'operator', 'schema', 'extension'])
const indexed = wordSet('primary unique exclude')
