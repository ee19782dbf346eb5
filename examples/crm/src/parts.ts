/** What the routes of this app are made of. */
import type { TenantFiles } from 'partywall/files'
import type { Tokens } from 'partywall/jwt'
import type { Environment } from './environment.ts'
import type { CrmJobs } from './jobs/jobs.ts'
import type { Mailer } from './mail/mailer.ts'
import type { BillingProvider } from './shared/billing/provider.ts'
import type { CrmTenancy } from './tenancy.ts'
import type { Users } from './tenant/users.ts'

export interface Parts {
  readonly environment: Environment
  readonly tenancy: CrmTenancy
  readonly users: Users
  readonly tokens: Tokens
  readonly files: TenantFiles
  readonly jobs: CrmJobs
  readonly mailer: Mailer
  readonly billing: BillingProvider
}
