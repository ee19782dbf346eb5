/** The part of SECURITY.md that says what each boundary holds, made of the list of attacks: `npm run security-claims` writes it. */
import { readFile, writeFile } from 'node:fs/promises'
import { attacks } from '../../src/attack/attacks.ts'
import { boundaryNames, type Attack, type Promised } from '../../src/attack/groups/attack.ts'

export const securityPage = new URL('../../../../SECURITY.md', import.meta.url)
const start = '<!-- The rest of this section is made of the list of attacks: npm run security-claims -->'
const end = '<!-- The end of what is made. -->'

const marks: Record<Promised, string> = { holds: 'held', 'with the revoke': 'held¹', 'does not hold': '**open**' }

/** The page with the part made again from the list. */
export function withClaims(page: string): string {
  const [from, to] = [page.indexOf(start), page.indexOf(end)]
  if (from === -1 || to === -1) throw new Error('SECURITY.md has no place for what is made of the list of attacks.')
  return `${page.slice(0, from + start.length)}\n\n${claims()}\n\n${page.slice(to)}`
}

function claims(): string {
  const groups = [...Map.groupBy(attacks, ({ group }) => group)]
  const open = attacks.filter(({ promisedBy }) => promisedBy.login === 'does not hold')
  return [
    `${attacks.length} attacks in ${groups.length} groups. ${boundaryNames.map(countOf).join('; ')}.`,
    '¹ where `set_config` is [revoked from public](docs/attack.md#revoke-set_config); otherwise open.',
    ...groups.map(([group, ofGroup]) => `### ${titleOf(group)}\n\n${tableOf(ofGroup)}`),
    `### What no boundary holds\n\n${remedies(open)}`,
  ].join('\n\n')
}

function countOf(name: (typeof boundaryNames)[number]): string {
  const held = attacks.filter(({ promisedBy }) => promisedBy[name] !== 'does not hold')
  return `\`${name}\` holds ${held.length}`
}

function tableOf(ofGroup: readonly Attack[]): string {
  const rows = ofGroup.map(
    ({ title, promisedBy, heldBy }) =>
      `| ${[title, ...boundaryNames.map((name) => marks[promisedBy[name]]), heldBy].join(' | ')} |`,
  )
  return [`| attack | ${boundaryNames.join(' | ')} | by |`, '|---|---|---|---|---|---|', ...rows].join('\n')
}

function remedies(open: readonly Attack[]): string {
  return ['| attack | what would hold |', '|---|---|', ...open.map(({ title, wouldHold }) => `| ${title} | ${wouldHold} |`)].join(
    '\n',
  )
}

function titleOf(group: string): string {
  const words = group.replaceAll('-', ' ')
  return `${words[0]!.toUpperCase()}${words.slice(1)}`
}

if (process.argv[1] === import.meta.filename) await writeFile(securityPage, withClaims(await readFile(securityPage, 'utf8')))
