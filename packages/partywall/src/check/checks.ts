/** All checks, in the order of their ids. A check of another room is one more file and one more line here. */
import { importedApp } from './imported-app.ts'
import { contradictingOptions } from './contradicting-options.ts'
import { middlewareOrder } from './middleware-order.ts'
import { migrationsReach } from './migrations-reach.ts'
import { namesInBothScopes } from './names-in-both-scopes.ts'
import { namesInOptions } from './names-in-options.ts'
import { oneCopy } from './one-copy.ts'
import { ownHosts } from './own-hosts.ts'
import { parentCookies } from './parent-cookies.ts'
import { powerfulLogin } from './powerful-login.ts'
import { primaryDomains } from './primary-domains.ts'
import { refusedConfig } from './refused-config.ts'
import { spoofableResolvers } from './spoofable-resolvers.ts'
import { testedPackages } from './tested-packages.ts'
import { uploadFolders } from './upload-folders.ts'
import type { ListedCheck } from './check.ts'

export const checks: readonly ListedCheck[] = [
  refusedConfig,
  contradictingOptions,
  spoofableResolvers,
  ownHosts,
  parentCookies,
  oneCopy,
  testedPackages,
  powerfulLogin,
  primaryDomains,
  namesInBothScopes,
  migrationsReach,
  middlewareOrder,
  importedApp,
  namesInOptions,
  uploadFolders,
]
