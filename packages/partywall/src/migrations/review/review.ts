/**
 * SQL of another tool, made fit for the schema of a tenant. Such tools write `public.` in front of names: applied as it is, the tables
 * of every tenant would refer to the shared schema, or change it, without a word. So `public.` is taken away from what the migrations
 * make themselves; and what cannot be made right by that is refused, by its name.
 *
 * Nothing changes inside of strings and comments, and no line moves. The body of a DO block is code, and is treated as such; the
 * body of a function is not touched.
 */
import { splitStatements, type SqlStatement } from '../../sql/lexer.ts'
import type { OwnedNames } from './owned-names.ts'
import { mentionedOfPublic, wholeNameOfPublic } from './public-in-text.ts'
import { statementNames, type StatementNames } from './statement-names.ts'

export interface ReviewOptions {
  /** What is in the schema before the text; brought up to date as it is read. */
  readonly owned: OwnedNames
  /** For the shared schema: extensions and schemas may be made. */
  readonly isShared: boolean
  /** Whether `public` is a schema that the tenancy knows, so that a name may lead there on purpose. */
  readonly knowsPublic: boolean
  /** Leaves CREATE EXTENSION out, where the shared migrations have it. */
  readonly leavesOutExtensions: boolean
  /** Throws: says in which line what is refused. */
  readonly refuse: (line: number, what: string) => never
}

/** The same text, fit for the schema of a tenant. Costs about as much as reading it. */
export function reviewSql(text: string, options: ReviewOptions): string {
  const cuts = cutsOf(text, options)
  let result = ''
  let from = 0
  for (const [start, end] of cuts.toSorted(([a], [b]) => a - b)) {
    result += text.slice(from, start) + text.slice(start, end).replaceAll(/[^\n]/g, '')
    from = end
  }
  return result + text.slice(from)
}

/** Whether there is anything in a text that the review could change or refuse. */
export function needsReview(text: string): boolean {
  return /public|extension|search_path|\bschema\b/i.test(text)
}

/** All names behind `public.` in a text, also in its strings. */
export function namesOfPublic(text: string): string[] {
  return [...new Set(mentionedOfPublic(text))]
}

type Cut = readonly [start: number, end: number]

/** Statement by statement: what one of them makes is there for the next. */
function cutsOf(text: string, options: ReviewOptions, isBody = false, firstLine = 1): Cut[] {
  return splitStatements(text).flatMap((statement) => {
    const names = statementNames(text, statement, isBody)
    const cuts = new Review(text, statement, names, options, firstLine).cuts()
    options.owned.learn(names)
    return cuts
  })
}

class Review {
  readonly #text: string
  readonly #statement: SqlStatement
  readonly #options: ReviewOptions
  readonly #names: StatementNames
  readonly #firstLine: number

  constructor(text: string, statement: SqlStatement, names: StatementNames, options: ReviewOptions, firstLine: number) {
    this.#text = text
    this.#statement = statement
    this.#names = names
    this.#options = options
    this.#firstLine = firstLine
  }

  cuts(): Cut[] {
    return this.#leftOut() ?? [...this.#qualifiers(), ...this.#bodies()]
  }

  /** The statement as a whole, when it is to be left out; and here is refused what no tenant migration may do. */
  #leftOut(): Cut[] | undefined {
    const { tokens, start, end } = this.#statement
    const { change } = this.#names
    // What Prisma begins with: the schema is there, and is not the tenant's.
    if (/^create schema (?:if not exists )?public$/.test(tokens.join(' '))) return [[start, end]]
    if (change !== undefined && !this.#options.isShared) {
      if (change.kind === 'extension' && change.verb === 'create' && this.#options.leavesOutExtensions)
        return [[change.start, end]]
      if (change.kind === 'extension') this.#refuse(change.start, extensionMend(change.verb))
      if (change.kind === 'schema') {
        this.#refuse(change.start, `${change.verb} schema, which is about more than one tenant. Put it into a shared migration.`)
      }
    }
    if (tokens[0] === 'set' && tokens[1] === 'schema') this.#refuse(start, pathMend('set schema'))
    this.#assertPathStays()
    const schema = tokens.findIndex((token, index) => token === 'schema' && tokens[index + 1] === 'public')
    if (schema !== -1) {
      this.#refuse(
        this.#at(schema),
        '"schema public", which is not the schema of the tenant. Put it into a shared migration, or take it out.',
      )
    }
    return undefined
  }

  /** A path that is set holds for the rest of the migration, or for a function as often as it is called. */
  #assertPathStays(): void {
    const { tokens, bodies, start } = this.#statement
    if (tokens.includes('set_config') && bodies.some((body) => body === "'search_path'"))
      this.#refuse(start, pathMend('set_config'))
    for (const [index, token] of tokens.entries()) {
      if (token !== 'search_path' || !/^(?:set|reset|local|session)$/.test(tokens[index - 1] ?? '')) continue
      // `set search_path from current` keeps the tenant's; an empty one makes a function name every schema, which is looked at below.
      if (tokens[index + 1] === 'from' && tokens[index + 2] === 'current') continue
      if (bodies.includes("''") && tokens[index + 2] === "'") continue
      this.#refuse(this.#at(index), pathMend('search_path'))
    }
  }

  /** `public.` in front of what is the tenant's. */
  #qualifiers(): Cut[] {
    return this.#names.ofPublic.flatMap(({ name, start, end, isChanged }): Cut[] => {
      if (this.#owns(name)) return [[start, end]]
      if (this.#options.isShared) return []
      if (isChanged) {
        this.#refuse(
          start,
          `a change to public.${name}, which these migrations have not made up to here, so it is not the tenant's. ` +
            'Write it as a shared migration, or take "public." away.',
        )
      }
      if (!this.#options.knowsPublic) {
        this.#refuse(
          start,
          `the name public.${name}, and "public" is no schema of this tenancy. Take "public." away; or name it in "sharedSchema" or ` +
            '"extraSearchPath" of the config.',
        )
      }
      return []
    })
  }

  #bodies(): Cut[] {
    const isDo = this.#statement.tokens[0] === 'do'
    const isRoutine = /^(?:function|procedure)$/.test(this.#names.change?.kind ?? '')
    if (isDo) return codeOf(this.#text, this.#statement).flatMap((body) => this.#doBody(body))
    for (const [index, body] of this.#statement.bodies.entries()) {
      const names = isRoutine ? mentionedOfPublic(body) : [wholeNameOfPublic(body) ?? []].flat()
      const name = names.find((candidate) => this.#owns(candidate))
      const start = stringsOf(this.#statement)[index]![0]
      if (name !== undefined) this.#refuse(start, stringMend(name, isRoutine ? 'the body of a function' : 'a string'))
      if (isRoutine && /search_path/i.test(body)) this.#refuse(start, pathMend('the body of a function'))
    }
    return []
  }

  #doBody({ code, start, isInQuotes }: Body): Cut[] {
    const line = this.#lineOf(start)
    if (isInQuotes) {
      const name = mentionedOfPublic(code).find((candidate) => this.#owns(candidate))
      if (name !== undefined) this.#refuse(start, stringMend(name, 'a DO block in quotes'))
      return []
    }
    for (const statement of splitStatements(code)) {
      const nested = statement.bodies.flatMap(mentionedOfPublic).find((name) => this.#owns(name))
      if (nested !== undefined) this.#refuse(start + statement.start, stringMend(nested, 'a string in a DO block'))
    }
    return cutsOf(code, this.#options, true, line).map(([from, to]) => [start + from, start + to])
  }

  #owns(name: string): boolean {
    return this.#options.owned.has(name) || this.#names.made.includes(name)
  }

  #at(index: number): number {
    return this.#statement.spans[index]![0]
  }

  #lineOf(offset: number): number {
    return this.#firstLine + this.#text.slice(0, offset).split('\n').length - 1
  }

  #refuse(offset: number, what: string): never {
    return this.#options.refuse(this.#lineOf(offset), what)
  }
}

interface Body {
  readonly code: string
  readonly start: number
  /** Not in `$$` but in plain quotes, which are doubled inside. */
  readonly isInQuotes: boolean
}

/** What a DO block runs. */
function codeOf(text: string, statement: SqlStatement): Body[] {
  return stringsOf(statement).map(([start, end]) => {
    const quote = /^\$\w*\$/.exec(text.slice(start, end))?.[0]
    const width = quote?.length ?? 1
    return {
      code: text.slice(start + width, Math.max(end - width, start + width)),
      start: start + width,
      isInQuotes: quote === undefined,
    }
  })
}

function stringsOf({ tokens, spans }: SqlStatement): SqlStatement['spans'] {
  return spans.filter((_, index) => tokens[index] === "'")
}

function extensionMend(verb: string): string {
  return (
    `${verb} extension, which is about the whole database: its functions would lie in the schema of one tenant, and the next tenant would ` +
    "not get them. Put it into a shared migration; where the file must stay as it is, give the source { extensions: 'shared' }, " +
    'which leaves such statements out.'
  )
}

function pathMend(what: string): string {
  return `${what}, which sets the search path: what follows would run in another schema. Take it out; the path is the tenant's already.`
}

function stringMend(name: string, where: string): string {
  return (
    `public.${name} in ${where}, where partywall changes nothing; it would lead to the shared schema, not to the tenant's ${name}. ` +
    'Take "public." away there, or write the statement in a migration of its own.'
  )
}
