/**
 * PW-006: one copy of pg, and one of partywall. Type parsers and defaults that the application sets on its pg do not hold for another copy, and `instanceof`
 * fails between the two. Each copy of partywall has scopes of its own, so a tenant that one has entered is no tenant to the other.
 */
import { relative } from 'node:path'
import type { Observation } from '../findings.ts'
import { defineCheck } from './check.ts'
import { copiesOf, type Copy } from './installed.ts'

export const oneCopy = defineCheck({
  id: 'PW-006',
  title: 'Several copies of pg or partywall',
  needs: [],
  run: ({ root, ownFile }) => copies(root, ownFile),
})

export function copies(root: string, ownFile: string): Observation[] {
  return (['pg', 'partywall'] as const).flatMap((name) => {
    const found = copiesOf(name, root, ownFile)
    if (found.length === 0 && name === 'pg') return [noneFound]
    if (found.length < 2) return []
    return [
      {
        severity: name === 'partywall' || isSplit(found) ? 'error' : 'warning',
        seen: `there are ${found.length} copies of ${name}: ${found.map((copy) => shown(copy, root)).join('; ')}`,
        fix: `Install one version of ${name} for all: \`npm ls ${name}\` shows who brings which, and "overrides" in package.json chooses one.`,
      },
    ]
  })
}

/** Partywall cannot run without pg, so this says nothing about how many there are. */
const noneFound: Observation = {
  severity: 'info',
  seen: "no copy of pg was found in a folder node_modules (Yarn's Plug'n'Play has none), so it is not known how many there are, and of which version",
  fix: 'Ask your package manager which copies of pg and partywall it installs, e.g. with yarn why pg.',
}

/** The application and partywall load different copies. */
function isSplit(found: readonly Copy[]): boolean {
  return !found.some(({ users }) => users.includes('the application') && users.includes('partywall'))
}

function shown({ version, folder, users }: Copy, root: string): string {
  return `${version} in ${relative(root, folder) || folder} (${users.join(', ')})`
}
