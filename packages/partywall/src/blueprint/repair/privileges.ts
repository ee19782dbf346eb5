/** Rights of others than the owner and the tenant. A person decides about them. */
import type { BlueprintDifference } from '../blueprint-difference.ts'
import { identifier } from '../../names/identifier.ts'
import type { Found } from './objects.ts'
import { decided, type Statement } from './repair.ts'
import { addressOf } from './sql-parts.ts'

/** @param found undefined for the schema itself, whose name is not known here */
export function changedPrivileges(
  found: Found | undefined,
  { expected, actual }: Pick<BlueprintDifference, 'expected' | 'actual'>,
): readonly Statement[] | undefined {
  const on = found && targetOf(found)
  if (on === undefined) return undefined
  const [should, is] = [expected as readonly string[], actual as readonly string[]]
  return [
    ...is.filter((one) => !should.includes(one)).flatMap((one) => revoke(one, on)),
    ...should.filter((one) => !is.includes(one)).flatMap((one) => grant(one, on)),
  ]
}

/** What follows the privilege: of a column it is named there. */
function targetOf(found: Found): { readonly of: string; readonly on: string } | undefined {
  switch (found.is) {
    case 'column':
      return { of: ` (${identifier(found.column.name)})`, on: `table ${identifier(found.relation.name)}` }
    case 'relation':
      return { of: '', on: `table ${identifier(found.relation.name)}` }
    case 'type':
    case 'sequence':
      return { of: '', on: addressOf(found) }
    case 'routine':
      return { of: '', on: addressOf(found).replace(/^aggregate /, 'function ') }
    default:
      return undefined
  }
}

function revoke(words: string, { of, on }: { readonly of: string; readonly on: string }): readonly Statement[] {
  const read = parsed(words)
  return read === undefined ? [] : [decided('last', `revoke ${read.privilege}${of} on ${on} from ${read.role}`)]
}

function grant(words: string, { of, on }: { readonly of: string; readonly on: string }): readonly Statement[] {
  const read = parsed(words)
  return read === undefined
    ? []
    : [decided('last', `grant ${read.privilege}${of} on ${on} to ${read.role}${read.mayGrant ? ' with grant option' : ''}`)]
}

function parsed(words: string): { readonly privilege: string; readonly role: string; readonly mayGrant: boolean } | undefined {
  const [, privilege, everyone, role, option] =
    /^([A-Z ]+) to (?:(everyone)|role (.+?))(, with grant option)?$/s.exec(words) ?? []
  if (privilege === undefined) return undefined
  return { privilege: privilege.toLowerCase(), role: everyone === undefined ? role! : 'public', mayGrant: option !== undefined }
}
