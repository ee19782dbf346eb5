/** `partywall migrate --check`, for scripts: whether every schema has all of its migrations, and no name of the other scope. Changes nothing. */
import type { PlanOptions } from '../../migrations/run/run.ts'
import type { Cli } from '../context/cli.ts'
import { statusDocument, type StatusDocument } from '../terminal/fleet-documents.ts'
import { listed } from '../terminal/printable.ts'
import { hasScopeFault, isAhead, renderAhead, renderScopes } from './scopes.ts'
import { renderProblems } from './status.ts'

export async function printCheck(cli: Cli, options: PlanOptions): Promise<void> {
  const { migrations } = await cli.tenancy()
  const statuses = (await migrations.status(options)).map(statusDocument)
  const behind = statuses.filter(({ pending, problem }) => pending.length > 0 || problem !== undefined)
  const faults = statuses.filter(hasScopeFault)
  const ok = behind.length + faults.length === 0
  if (!ok) cli.fail()
  const ahead = statuses.filter(isAhead)
  const document = {
    ok,
    schemas: statuses.length,
    behind,
    ...(ahead.length > 0 && { ahead }),
    ...(faults.length > 0 && { bothScopes: faults }),
  }
  cli.out.result(document, () => render(statuses, behind))
}

function render(statuses: readonly StatusDocument[], behind: readonly StatusDocument[]): string {
  const pending = behind.filter(({ problem }) => problem === undefined)
  return [
    `${statuses.length - behind.length} of ${statuses.length} up to date`,
    ...(pending.length === 0 ? [] : [`pending in ${pending.length}: ${listed(pending.map(({ target }) => target))}`]),
    ...renderAhead(statuses),
    ...renderProblems(behind),
    ...renderScopes(statuses),
  ].join('\n')
}
