/** Versions of Better Auth with which a token of a mail is for an address, whatever the tenant, are refused. */
import { getBetterAuthVersion } from '@better-auth/core/context'
import { installedVersion, isTested, unusableVersion, warnIfUntested } from '../../tested-versions.ts'

const oldest = '1.7.25'

/** @throws TenancyError INVALID_OPTION */
export function assertUsableVersion(): void {
  // The first one is unknown where all is bundled, and the second one is not.
  for (const version of [installedVersion('better-auth'), getBetterAuthVersion()])
    if (version !== undefined && isOlder(version))
      throw unusableVersion('better-auth', `is older than ${oldest}, and would accept a link of a mail at another tenant.`)
  warnIfUntested('better-auth')
}

function isOlder(version: string): boolean {
  return Number.parseInt(version, 10) <= 1 && !isTested([oldest], version)
}
