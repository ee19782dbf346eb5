/** What a new migration file holds, and whether a file still holds it: such a migration is not written yet. */
import { headingIn } from './section-headings.ts'

export function sqlTemplate(name: string): string {
  const title = name.replaceAll('_', ' ')
  // The title "rollback" would read like the heading of a down migration.
  return `${headingIn(title) === undefined ? `-- ${title}` : ''}\n\n\n-- partywall: down\n\n`
}

export function codeTemplate(shared: boolean): string {
  const context = shared ? 'MigrationContext<undefined>' : 'MigrationContext'
  return `import type { MigrationContext } from 'partywall'

export async function up(${given(shared)}: ${context}): Promise<void> {
}

export async function down(${given(shared)}: ${context}): Promise<void> {
}
`
}

/** Whether a function is the one of the template: its parameters, and nothing between its braces. */
export function isUnwritten(name: 'up' | 'down', run: (...args: never[]) => unknown): boolean {
  // Node.js replaces types by spaces, and formatters set their own.
  const text = String(run).replaceAll(/\s/g, '')
  return [true, false].some((shared) => text === `async function ${name}(${given(shared)}){}`.replaceAll(/\s/g, ''))
}

function given(shared: boolean): string {
  return shared ? '{ client, sql }' : '{ client, tenant, sql }'
}
