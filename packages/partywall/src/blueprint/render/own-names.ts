/**
 * Texts that name the schema itself: PostgreSQL prints its name where another name hides an object, and the body of a function is kept as
 * it was written. Such a name is changed to that of the new schema where the grammar shows that it is one. What stands in a string is not
 * changed but told.
 */
import { splitStatements } from '../../sql/lexer.ts'
import { loadGrammar } from '../../migrations/statements/grammar.ts'
import type { Blueprint } from '../blueprint.ts'
import { rewriteBody } from './own-names-in-bodies.ts'
import type { RenderOptions } from './rendered-schema.ts'
import { leadsTo, mayName, Rewriting } from './rewriting.ts'

export class OwnNames {
  /** With the bodies of its functions changed. */
  readonly blueprint: Blueprint
  readonly remarks: readonly string[]
  readonly #rewriting: Rewriting | undefined

  private constructor(blueprint: Blueprint, remarks: readonly string[], rewriting: Rewriting | undefined) {
    this.blueprint = blueprint
    this.remarks = remarks
    this.#rewriting = rewriting
  }

  static async load(blueprint: Blueprint, options: RenderOptions): Promise<OwnNames> {
    if (options.from === options.to || !mayName(JSON.stringify(blueprint), options.from))
      return new OwnNames(blueprint, [], undefined)
    const rewriting = new Rewriting(await loadGrammar(), blueprint, options)
    const remarks: string[] = []
    const routines = blueprint.routines.map((routine) => {
      if (!mayName(routine.source, options.from)) return routine
      const { source, problems } = rewriteBody(routine, rewriting)
      remarks.push(...problems.map((problem) => `The ${routine.kind} ${routine.name}: ${problem}`))
      return { ...routine, source }
    })
    return new OwnNames({ ...blueprint, routines }, [...remarks, ...stringsOf(blueprint, options.from)], rewriting)
  }

  /** A whole statement. What it holds in strings, such as the body of a function, stays. */
  rewrite(statement: string): string {
    return this.#rewriting === undefined ? statement : (this.#rewriting.statement(statement) ?? statement)
  }
}

/** Defaults, checks and the like, with the name in a string. */
function stringsOf(blueprint: Blueprint, from: string): string[] {
  return blueprint.relations.flatMap((relation) => {
    const texts = [
      ...relation.columns.map((column) => [`the column ${relation.name}.${column.name}`, column.default] as const),
      ...relation.constraints.map(({ name, definition }) => [`the constraint ${relation.name}.${name}`, definition] as const),
      ...relation.triggers.map(({ name, definition }) => [`the trigger ${relation.name}.${name}`, definition] as const),
      ...relation.rules.map(({ name, definition }) => [`the rule ${relation.name}.${name}`, definition] as const),
      ...relation.policies.flatMap(({ name, using, check }) =>
        [using, check].map((text) => [`the policy ${relation.name}.${name}`, text] as const),
      ),
      [`the ${relation.kind} ${relation.name}`, relation.definition] as const,
    ]
    return texts.flatMap(([object, text]) => {
      if (text === null || !mayName(text, from)) return []
      const isFound = splitStatements(text).some(({ bodies }) => bodies.some((body) => leadsTo(body, from)))
      return isFound
        ? [`${capital(object)} holds the name of the schema ${JSON.stringify(from)} in a string, which is copied as it is.`]
        : []
    })
  })
}

function capital(text: string): string {
  return text.charAt(0).toUpperCase() + text.slice(1)
}
