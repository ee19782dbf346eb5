/** What a check is, and what it is given. A check looks at what is there and changes nothing. */
import type { PublicOptions } from '../config/options.ts'
import type { FindingId, Observation } from '../findings.ts'
import type { Queryable } from '../sql/statement.ts'
import type { AppFacts } from './app/app-facts.ts'

export interface ConfigFacts {
  readonly options: PublicOptions
  /** No database is configured: the embedded server is used. */
  readonly isEmbedded: boolean
  readonly hasDeploy: boolean
  readonly hasLoginKey: boolean
}

export interface DatabaseFacts {
  /** Names in its statements must be qualified. */
  readonly queryable: Queryable
  /** The role that the application logs in as. */
  readonly login: string
}

/** What could be found out. What is missing is undefined, and `absent` says why. */
export interface Facts {
  /** The folder of the project. */
  readonly root: string
  /** The file from which the packages of partywall itself are found. */
  readonly ownFile: string
  /** Why the config is refused; undefined where it is not. */
  readonly refusal?: string | undefined
  readonly config?: ConfigFacts | undefined
  readonly database?: DatabaseFacts | undefined
  /** A database with the catalog of partywall. */
  readonly catalog?: DatabaseFacts | undefined
  readonly app?: AppFacts | undefined
}

export type Need = 'config' | 'database' | 'catalog' | 'app'

export interface Check<N extends Need = never> {
  readonly id: FindingId
  /** What is wrong where it finds something. */
  readonly title: string
  /** Without one of these facts the check is left out, and the report says so. */
  readonly needs: readonly N[]
  run(facts: FactsOf<N>): readonly Observation[] | Promise<readonly Observation[]>
}

/** A check in the list of all. */
export interface ListedCheck extends Omit<Check, 'needs' | 'run'> {
  readonly needs: readonly Need[]
  run(facts: Facts): Promise<readonly Observation[]>
}

/** The facts with those that the check needs. */
type FactsOf<N extends Need> = Facts & { readonly [Name in N]-?: NonNullable<Facts[Name]> }

export function defineCheck<const N extends Need>(check: Check<N>): ListedCheck {
  return { ...check, run: async (facts) => check.run(facts as FactsOf<N>) }
}
