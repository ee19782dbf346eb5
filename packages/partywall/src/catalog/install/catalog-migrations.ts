/** The migrations of partywall's own tables, in their order. */
import type { CatalogMigration } from './migrations/catalog-migration.ts'
import { tenants } from './migrations/0001-tenants.ts'
import { domains } from './migrations/0002-domains.ts'
import { migrationRuns } from './migrations/0003-migration-runs.ts'
import { generations } from './migrations/0004-generations.ts'
import { changes } from './migrations/0005-changes.ts'
import { audit } from './migrations/0006-audit.ts'
import { protect } from './migrations/0007-protect.ts'
import { logins } from './migrations/0008-logins.ts'
import { relations } from './migrations/0009-relations.ts'
import { life } from './migrations/0010-life.ts'
import { blueprints } from './migrations/0011-blueprints.ts'
import { templates } from './migrations/0012-templates.ts'
import { steps } from './migrations/0013-steps.ts'
import { warm } from './migrations/0014-warm.ts'
import { members } from './migrations/0015-members.ts'
import { externalId } from './migrations/0016-external-id.ts'
import { domainClaims } from './migrations/0017-domain-claims.ts'
import { signingKeys } from './migrations/0018-signing-keys.ts'
import { revokedTokens } from './migrations/0019-revoked-tokens.ts'
import { singleUseTokens } from './migrations/0020-single-use-tokens.ts'
import { schedules } from './migrations/0021-schedules.ts'
import { settings } from './migrations/0022-settings.ts'
import { fleetWork } from './migrations/0023-fleet-work.ts'
import { usage } from './migrations/0024-usage.ts'
import { files } from './migrations/0025-files.ts'

export const catalogMigrations: readonly CatalogMigration[] = [
  tenants,
  domains,
  migrationRuns,
  generations,
  changes,
  audit,
  protect,
  logins,
  relations,
  life,
  blueprints,
  templates,
  steps,
  warm,
  members,
  externalId,
  domainClaims,
  signingKeys,
  revokedTokens,
  singleUseTokens,
  schedules,
  settings,
  fleetWork,
  usage,
  files,
]
