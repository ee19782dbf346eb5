/** The JSON documents of the commands have the fields that the page of the command line lists, and no others. */
import { readFile } from 'node:fs/promises'
import { expect, test } from 'vitest'
import { project } from '../cli/partywall.ts'
import { testDatabase } from '../support/servers/database.ts'

const page = await readFile(new URL('../../../../docs/command-line.md', import.meta.url), 'utf8')
const { url } = await testDatabase()

/** In this order: each command finds what those before it have made. */
const calls: [command: string, call: string | string[]][] = [
  ['init', 'init'],
  ['tenant create', 'tenant create acme --domain a.example.com'],
  ['tenant list', 'tenant list'],
  ['tenant show', 'tenant show acme'],
  ['tenant suspend', 'tenant suspend acme'],
  ['tenant activate', 'tenant activate acme'],
  ['domain add', 'domain add acme b.example.com'],
  ['domain list', 'domain list'],
  ['domain set-primary', 'domain set-primary acme b.example.com'],
  ['domain remove', 'domain remove acme a.example.com'],
  ['member add', 'member add acme user-1 --role owner'],
  ['member list', 'member list acme'],
  ['member invite', 'member invite acme ada@example.com'],
  ['audit list', 'audit list --action member'],
  ['migrate', 'migrate --tenant acme'],
  ['migrate status', 'migrate status --tenant acme'],
  ['migrate redo', 'migrate redo --tenant acme'],
  ['migrate reset', 'migrate reset --tenant acme --yes'],
  // Last: no command migrates while a file is not written.
  ['migrate new', 'migrate new notes'],
  ['sql', ['sql', '--tenant', 'acme', 'select 1 as one']],
  ['dump', 'dump --tenant acme --output acme.json'],
  ['load', 'load acme.json --on-conflict skip'],
  ['usage', 'usage'],
  ['check', 'check'],
  ['doctor', 'doctor'],
  ['drift', 'drift'],
]

test('the page lists the fields of each JSON document', { timeout: 120_000 }, async () => {
  const { run } = await project(url)
  for (const [command, call] of calls) {
    const { json, stderr } = await run(typeof call === 'string' ? `${call} --json` : [...call, '--json'])
    const [document] = [json].flat()
    expect(document, `${command}: ${stderr}`).not.toHaveProperty('error')
    const { required, all } = fieldsOf(command)
    const seen = Object.keys(document)
    expect({ command, missing: required.filter((field) => !seen.includes(field)) }).toEqual({ command, missing: [] })
    expect({ command, unlisted: seen.filter((field) => !all.includes(field)) }).toEqual({ command, unlisted: [] })
  }
})

/** The first list in braces behind `JSON`; a section may refer to that of another command, and a field in prose is beside the braces. */
function fieldsOf(command: string): { required: string[]; all: string[] } {
  const section = new RegExp(`^### ${command}\n([\\s\\S]*?)(?=^###? )`, 'm').exec(page)?.[1] ?? ''
  const text = /^JSON\b[\s\S]*?(?=\n\n)/m.exec(section)?.[0] ?? ''
  const other = /(?:as of|entries as of) \[([a-z -]+)\]/.exec(text)?.[1]
  if (other !== undefined) return fieldsOf(other)
  const inBraces = /`\{ ([^}]*) \}`/.exec(text)?.[1]?.split(', ') ?? []
  const inProse = [...text.replace(/`\{[^}]*\}`/g, '').matchAll(/(?:each with its|also) `(\w+)`/g)].map(
    ([, field]) => `${field}?`,
  )
  const ofTenant = /a list of tenants/.test(text) ? fieldsOf('tenant suspend') : { required: [], all: [] }
  const named = ofTenant.all.map((field) => (ofTenant.required.includes(field) ? field : `${field}?`))
  const fields = [...inBraces, ...inProse, ...named]
  return { required: fields.filter((field) => !field.endsWith('?')), all: fields.map((field) => field.replace(/\?$/, '')) }
}
