/** What a trial reports. It is plain data, which JSON can hold, and names no rows. */
import type { SourceReview } from '../../ports/migration-source.ts'

export type TrialVerdict =
  /** All tenants came out as the tool itself makes them, with the configuration as it is. */
  | 'works'
  /** The same, with what `cure` adds to the configuration. */
  | 'works with options'
  /** Migrations were refused or failed. */
  | 'needs changes'
  /** All migrations ran, but a tenant differs, or something landed outside of the tenants. */
  | 'differs'
  /** The migrations fail on a plain database, too, so that there is nothing to compare with. */
  | 'fails without tenants'

export interface TrialReport {
  /** True when every kind of tenants works with the configuration as it is. */
  readonly ok: boolean
  readonly kinds: readonly TrialOfKind[]
  /** What the trial could not take away afterwards; the next trial tries again. */
  readonly leftBehind: readonly string[]
  readonly durationMs: number
}

/** The trial of the migrations of one kind of tenants. */
export interface TrialOfKind {
  readonly kind: string
  /** The name of the source, mostly a folder. */
  readonly source: string
  readonly verdict: TrialVerdict
  /** How many migrations the source has, and how many of them ran: those before the first that is refused whatever the options are. */
  readonly migrations: number
  readonly tried: number
  /** What stands in the way, each place once. */
  readonly findings: readonly TrialFinding[]
  /** What to set so that more of the history works; absent when no option helps. */
  readonly cure?: TrialCure
  /** Extensions that the migrations create, and that the server does not have. */
  readonly missingExtensions: readonly string[]
  /** The history on a plain database, without tenants. Absent when it was not tried. */
  readonly reference?: { readonly durationMs: number; readonly skipped: readonly TrialPlace[] }
  readonly tenants: readonly TrialTenant[]
  /** Objects that are new, changed or gone outside of the tenants, a sentence each. */
  readonly outside: readonly string[]
  /** What comes out otherwise each time that the migrations run, also on a plain database, such as a random default. It is no difference. */
  readonly unstable: readonly string[]
  /** What the review changed in the text of migrations. */
  readonly rewritten: readonly TrialPlace[]
  /** What the review cannot read before it runs. */
  readonly unknown: readonly TrialPlace[]
  /** Whether a second run did nothing. Absent when there was none. */
  readonly isSettled?: boolean
}

export interface TrialPlace {
  readonly file: string
  readonly line?: number
  readonly what: string
}

export interface TrialFinding {
  /** `refused`: partywall refuses the migration. `failed`: PostgreSQL does. `reference`: PostgreSQL does on a plain database, too. */
  readonly cause: 'refused' | 'failed' | 'reference' | 'source'
  readonly file?: string
  readonly line?: number
  /** What is refused or failed, and what to do about it. */
  readonly message: string
  /** The option of the source with which it is not refused; absent when there is none. */
  readonly option?: keyof SourceReview
}

export interface TrialCure {
  /** The options of the source that were added; none when only the shared migration is missing. */
  readonly options: SourceReview
  /** The source as the configuration should have it; absent for a source that the application wrote itself. */
  readonly config?: string
  /** A migration that the shared schema needs. */
  readonly shared?: { readonly file: string; readonly text: string }
}

/** How a tenant got its migrations. */
export type TrialWay = 'all at once' | 'a third, then the rest' | 'one by one'

export interface TrialTenant {
  readonly schema: string
  readonly way: TrialWay
  /** Whether all migrations that were tried ran in it. */
  readonly ok: boolean
  readonly durationMs: number
  /** What is not as on the plain database, a sentence each. */
  readonly differences: readonly string[]
}
