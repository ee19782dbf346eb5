/** All examinations, in the order of their ids. A new one is a file, a line here, and a row in docs/doctor.md. */
import type { Examination } from './context/examination.ts'
import { backendMemory } from './fleet/backend-memory.ts'
import { bothScopes } from './fleet/both-scopes.ts'
import { heads } from './fleet/heads.ts'
import { indexes } from './fleet/indexes.ts'
import { numberOfSchemas } from './fleet/number-of-schemas.ts'
import { sequences } from './fleet/sequences.ts'
import { tenantsAndSchemas } from './fleet/tenants-and-schemas.ts'
import { adminOptions } from './roles/admin-options.ts'
import { catalogRights } from './roles/catalog-rights.ts'
import { columnRights } from './roles/column-rights.ts'
import { createRights } from './roles/create-rights.ts'
import { defaultPrivileges } from './roles/default-privileges.ts'
import { definerFunctions } from './roles/definer-functions.ts'
import { fixedRoles } from './roles/fixed-roles.ts'
import { largeObjects } from './roles/large-objects.ts'
import { login } from './roles/login.ts'
import { memberships } from './roles/memberships.ts'
import { oneLogin } from './roles/one-login.ts'
import { orphanedRoles } from './roles/orphaned-roles.ts'
import { otherDatabases } from './roles/other-databases.ts'
import { ownerViews } from './roles/owner-views.ts'
import { ownership } from './roles/ownership.ts'
import { relationRights } from './roles/relation-rights.ts'
import { routineRights } from './roles/routine-rights.ts'
import { schemaRights } from './roles/schema-rights.ts'
import { setConfig } from './roles/set-config.ts'
import { sharedRights } from './roles/shared-rights.ts'
import { tenantRoles } from './roles/tenant-roles.ts'
import { catalogVacuum } from './server/catalog-vacuum.ts'
import { catalogVersion } from './server/catalog-version.ts'
import { connections } from './server/connections.ts'
import { encryption } from './server/encryption.ts'
import { lockTable } from './server/lock-table.ts'
import { pooler } from './server/pooler.ts'
import { sharedBuffers } from './server/shared-buffers.ts'
import { transactionAge } from './server/transaction-age.ts'
import { versions } from './server/versions.ts'

export const examinations: readonly Examination[] = [
  encryption,
  pooler,
  versions,
  catalogVersion,
  heads,
  bothScopes,
  tenantsAndSchemas,
  numberOfSchemas,
  indexes,
  sequences,
  lockTable,
  sharedBuffers,
  catalogVacuum,
  transactionAge,
  connections,
  backendMemory,
  tenantRoles,
  memberships,
  login,
  oneLogin,
  schemaRights,
  relationRights,
  columnRights,
  routineRights,
  defaultPrivileges,
  ownership,
  fixedRoles,
  sharedRights,
  catalogRights,
  setConfig,
  createRights,
  definerFunctions,
  ownerViews,
  largeObjects,
  otherDatabases,
  orphanedRoles,
  adminOptions,
]
