/**
 * Makes SQL of another tool fit for the schema of a tenant. Such tools write `public.` in front of names: applied as it is, the SQL would
 * make the tables of every tenant refer to the shared schema, or change it, and nothing would report that. So `public.` is removed in front
 * of what the migrations create themselves; a statement that this does not fix is refused, with the name that it is about.
 *
 * Nothing changes inside of strings and comments, and every line keeps its number. The body of a DO block is code, and is reviewed like
 * other code; the body of a function is not changed.
 */
import { splitStatements, type SqlStatement } from '../../sql/lexer.ts'
import type { OwnedNames } from './owned-names.ts'
import { namesOfPublic, soleNameOfPublic } from './public-names.ts'
import { statementNames, type StatementNames } from './statement-names.ts'

export interface ReviewOptions {
  /** What is in the schema before the text. The review adds what the text creates, and removes what it drops. */
  readonly owned: OwnedNames
  /** The text is for the shared schema, where extensions and schemas may be created. */
  readonly isShared: boolean
  /** `public` is a schema of this tenancy, so a name may lead there on purpose. */
  readonly knowsPublic: boolean
  /** Removes CREATE EXTENSION, because the shared migrations create the extension. */
  readonly leavesOutExtensions: boolean
  /** Throws an error that says what is refused, and in which line of the text. */
  readonly refuse: (line: number, what: string) => never
}

/**
 * The same text, fit for the schema of a tenant. Costs about as much as reading it.
 * @param statements those of the text, when the caller has them already
 */
export function reviewSql(text: string, options: ReviewOptions, statements = splitStatements(text)): string {
  const cuts = cutsOf(text, statements, options)
  let result = ''
  let from = 0
  for (const [start, end] of cuts.toSorted(([a], [b]) => a - b)) {
    result += text.slice(from, start) + text.slice(start, end).replaceAll(/[^\n]/g, '')
    from = end
  }
  return result + text.slice(from)
}

/** Whether a text holds anything that the review could change or refuse. */
export function needsReview(text: string): boolean {
  return /public|extension|search_path|\bschema\b/i.test(text)
}

type Cut = readonly [start: number, end: number]

/** Statement by statement: what one of them creates exists for the next. */
function cutsOf(text: string, statements: readonly SqlStatement[], options: ReviewOptions, isBody = false, firstLine = 1): Cut[] {
  return statements.flatMap((statement) => {
    const names = statementNames(text, statement, isBody)
    const cuts = new StatementReview(text, statement, names, options, firstLine).cuts()
    options.owned.record(names)
    return cuts
  })
}

class StatementReview {
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
    return this.#wholeStatement() ?? [...this.#qualifiers(), ...this.#bodies()]
  }

  /** The whole statement, when it has to go. Refuses what no migration of a tenant may do. */
  #wholeStatement(): Cut[] | undefined {
    const { tokens, start, end } = this.#statement
    const { change } = this.#names
    // Prisma starts with it. The schema exists, and is not the tenant's.
    if (/^create schema (?:if not exists )?public$/.test(tokens.join(' '))) return [[start, end]]
    if (change !== undefined && !this.#options.isShared) {
      if (change.kind === 'extension' && change.verb === 'create' && this.#options.leavesOutExtensions)
        return [[change.start, end]]
      if (change.kind === 'extension') this.#refuse(change.start, refusedExtension(change.verb))
      if (change.kind === 'schema') {
        this.#refuse(change.start, `${change.verb} schema, which is about more than one tenant. Move it to a shared migration.`)
      }
    }
    if (tokens[0] === 'set' && tokens[1] === 'schema') this.#refuse(start, refusedPath('set schema'))
    this.#assertPathStays()
    const schema = tokens.findIndex((token, index) => token === 'schema' && tokens[index + 1] === 'public')
    if (schema !== -1) {
      this.#refuse(
        this.#at(schema),
        '"schema public", which is not the schema of the tenant. Move the statement to a shared migration, or remove it.',
      )
    }
    return undefined
  }

  /** A search path that is set stays for the rest of the migration; one that a function sets, for each of its calls. */
  #assertPathStays(): void {
    const { tokens, bodies, start } = this.#statement
    if (tokens.includes('set_config') && bodies.some((body) => body === "'search_path'"))
      this.#refuse(start, refusedPath('set_config'))
    for (const [index, token] of tokens.entries()) {
      if (token !== 'search_path' || !/^(?:set|reset|local|session)$/.test(tokens[index - 1] ?? '')) continue
      // `set search_path from current` keeps the tenant's. With an empty one a function must name every schema; its body is reviewed below.
      if (tokens[index + 1] === 'from' && tokens[index + 2] === 'current') continue
      if (bodies.includes("''") && tokens[index + 2] === "'") continue
      this.#refuse(this.#at(index), refusedPath('search_path'))
    }
  }

  /** `public.` in front of what belongs to the tenant. */
  #qualifiers(): Cut[] {
    return this.#names.ofPublic.flatMap(({ name, start, end, isChanged }): Cut[] => {
      if (this.#owns(name)) return [[start, end]]
      if (this.#options.isShared) return []
      if (isChanged) {
        this.#refuse(
          start,
          `a change to public.${name}, which these migrations have not created up to here, so it is not the tenant's. ` +
            'Move it to a shared migration, or remove "public.".',
        )
      }
      if (!this.#options.knowsPublic) {
        this.#refuse(
          start,
          `the name public.${name}, but "public" is no schema of this tenancy. Remove "public."; or name the schema in "sharedSchema" or ` +
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
      const names = isRoutine ? namesOfPublic(body) : [soleNameOfPublic(body) ?? []].flat()
      const name = names.find((candidate) => this.#owns(candidate))
      const start = stringsOf(this.#statement)[index]![0]
      if (name !== undefined) this.#refuse(start, refusedString(name, isRoutine ? 'the body of a function' : 'a string'))
      if (isRoutine && /search_path/i.test(body)) this.#refuse(start, refusedPath('the body of a function'))
    }
    return []
  }

  #doBody({ code, start, isInQuotes }: Body): Cut[] {
    const line = this.#lineOf(start)
    if (isInQuotes) {
      const name = namesOfPublic(code).find((candidate) => this.#owns(candidate))
      if (name !== undefined) this.#refuse(start, refusedString(name, 'a DO block in quotes'))
      return []
    }
    const statements = splitStatements(code)
    for (const statement of statements) {
      const nested = statement.bodies.flatMap(namesOfPublic).find((name) => this.#owns(name))
      if (nested !== undefined) this.#refuse(start + statement.start, refusedString(nested, 'a string in a DO block'))
    }
    return cutsOf(code, statements, this.#options, true, line).map(([from, to]) => [start + from, start + to])
  }

  #owns(name: string): boolean {
    return this.#options.owned.has(name) || this.#names.created.includes(name)
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
  /** Written in plain quotes, which are doubled inside, and not in `$$`. */
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

function refusedExtension(verb: string): string {
  return (
    `${verb} extension, which is about the whole database: its functions would be created in the schema of one tenant, and the next tenant ` +
    "would not get them. Move it to a shared migration; where the file must stay as it is, give the source { extensions: 'shared' }, " +
    'which leaves such statements out.'
  )
}

function refusedPath(what: string): string {
  return `${what}, which sets the search path: the statements after it would run in another schema. Remove it; the path is the tenant's already.`
}

function refusedString(name: string, where: string): string {
  return (
    `public.${name} in ${where}, where partywall changes nothing; it would lead to the shared schema, not to the tenant's ${name}. ` +
    'Remove "public." there, or write the statement in a migration of its own.'
  )
}
