/** `partywall migrate --check`, for scripts: whether every schema has all of its migrations. Changes nothing. */
import type { PlanOptions } from '../../migrations/run/run.ts'
import type { Cli } from '../context/cli.ts'
import { statusDocument, type StatusDocument } from '../terminal/fleet-documents.ts'
import { listed } from '../terminal/printable.ts'
import { renderProblems } from './status.ts'

export async function printCheck(cli: Cli, options: PlanOptions): Promise<void> {
  const { migrations } = await cli.tenancy()
  const statuses = (await migrations.status(options)).map(statusDocument)
  const behind = statuses.filter(({ pending, problem }) => pending.length > 0 || problem !== undefined)
  if (behind.length > 0) cli.fail()
  cli.out.result({ ok: behind.length === 0, schemas: statuses.length, behind }, () => render(statuses.length, behind))
}

function render(schemas: number, behind: readonly StatusDocument[]): string {
  const pending = behind.filter(({ problem }) => problem === undefined)
  return [
    `${schemas - behind.length} of ${schemas} up to date`,
    ...(pending.length === 0 ? [] : [`pending in ${pending.length}: ${listed(pending.map(({ target }) => target))}`]),
    ...renderProblems(behind),
  ].join('\n')
}
