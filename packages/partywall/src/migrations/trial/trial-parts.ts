/** What a trial needs of its surroundings. */
import type { ClientConfig } from 'pg'
import type { Options } from '../../config/options.ts'
import type { MigrationSource } from '../../ports/migration-source.ts'
import type { PlainConnection } from '../../ports/plain-connection.ts'
import type { MigrationReport, Tenant } from '../../types.ts'

/** Options of `tenancy.migrations.try`. */
export interface TrialOptions {
  /**
   * The server on which the trial makes its databases: a connection string, or the options of node-postgres. The role must be allowed to create
   * databases. @default the server of the configuration
   */
  readonly server?: string | ClientConfig | undefined
  /** Use the embedded PostgreSQL. Cannot be combined with `server`. @default false */
  readonly embedded?: boolean | undefined
  /** Only these kinds of tenants. @default every kind */
  readonly kinds?: string | readonly string[] | undefined
  /** When it is aborted, the trial drops its databases and rejects. @default none */
  readonly signal?: AbortSignal | undefined
  /** Is called when a stage begins, with a few words about it. @default none */
  readonly onStage?: ((stage: string) => void) | undefined
}

export const trialOptionKeys = [
  'server',
  'embedded',
  'kinds',
  'signal',
  'onStage',
] as const satisfies readonly (keyof TrialOptions)[]

/** The sources of a trial: of the shared schema, and of one kind of tenants. */
export interface TrialSources {
  readonly shared: MigrationSource
  readonly tenant: MigrationSource
}

/** A tenancy as far as a trial uses it. */
export interface TrialTenancy {
  readonly tenants: { create(input: { readonly schema: string }): Promise<Tenant<any>> }
  readonly migrations: {
    run(options: {
      readonly shared?: boolean
      readonly tenants?: true | string
      readonly to?: string
      readonly concurrency?: number
    }): Promise<MigrationReport>
  }
  ready(): Promise<void>
  close(): Promise<void>
}

export interface TrialHost {
  readonly options: Pick<Options, 'root' | 'migrations' | 'sharedSchema' | 'includeShared' | 'extraSearchPath'>
  connect(config: ClientConfig): Promise<PlainConnection>
  /** The server that the options mean, and how to let go of it. */
  server(options: TrialOptions): Promise<{ readonly config: ClientConfig; release(): Promise<void> }>
  /** A tenancy as configured, with its catalog in this database. */
  open(database: ClientConfig, sources: TrialSources): TrialTenancy
}
