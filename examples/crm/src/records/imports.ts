import { randomUUID } from 'node:crypto'
import { memberOf } from 'partywall/express'
import { fileName } from 'partywall/files'
import { notFound } from '../api/problems.ts'
import { receiveFile } from '../api/receive-file.ts'
import { route, type ApiRoute } from '../api/route.ts'
import { idParam } from '../api/schemas/common.ts'
import { customerImport, importErrorPage, importPage, importQuery, mostImportBytes } from '../api/schemas/imports.ts'
import { importQueue } from '../jobs/jobs.ts'
import type { Parts } from '../parts.ts'
import { readPage } from './page.ts'
import { Where } from './where.ts'

const select = `r.id, r.file_name as "fileName", r.state, r.total, r.processed, r.created, r.refused, r.reason, r.started_by_id as "startedById",
  u.name as "startedByName", r.created_at as "createdAt", r.ended_at as "endedAt"`
const from = 'imports r left join "user" u on u.id = r.started_by_id'

export function importRoutes({ tenancy, files, jobs }: Pick<Parts, 'tenancy' | 'files' | 'jobs'>): ApiRoute[] {
  const read = async (id: number): Promise<unknown> => {
    const { rows } = await tenancy.pool.query(`select ${select} from ${from} where r.id = $1`, [id])
    if (rows[0] === undefined) throw notFound()
    return rows[0]
  }
  const common = { side: 'tenant', rule: 'member' } as const
  return [
    route({
      ...common,
      method: 'get',
      path: '/api/imports',
      summary: 'Imports of customers, the newest first',
      query: importQuery,
      answer: importPage,
      handle: ({ query }) => readPage(tenancy.pool, { select, from, where: new Where(), orderBy: 'r.id desc', ...query }),
    }),
    route({
      ...common,
      method: 'post',
      path: '/api/imports',
      rule: { can: 'imports.run' },
      summary: 'Imports customers from a file of CSV, in the background',
      upload: 'One file of CSV in UTF-8; its first line names the columns.',
      answer: customerImport,
      status: 202,
      handle: ({ req }) =>
        receiveFile(req, mostImportBytes, async ({ name, stream }) => {
          const storedAs = `imports/${randomUUID()}.csv`
          await files.put(storedAs, stream)
          const { rows } = await tenancy.pool.query<{ id: number }>(
            'insert into imports (file_name, stored_as, started_by_id) values ($1, $2, $3) returning id',
            [fileName(name), storedAs, memberOf(req).userId],
          )
          const { id } = rows[0]!
          await jobs.send(importQueue, { importId: id })
          return read(id)
        }),
    }),
    route({
      ...common,
      method: 'get',
      path: '/api/imports/:id',
      summary: 'One import, with how far it has come',
      params: idParam,
      answer: customerImport,
      handle: ({ params }) => read(params.id),
    }),
    route({
      ...common,
      method: 'get',
      path: '/api/imports/:id/errors',
      summary: 'The lines that were refused; the first thousand',
      params: idParam,
      query: importQuery,
      answer: importErrorPage,
      handle: async ({ params, query }) => {
        await read(params.id)
        const where = new Where().add(params.id, (id) => `r.import_id = ${id}`)
        return readPage(tenancy.pool, {
          select: 'r.line, r.message',
          from: 'import_errors r',
          where,
          orderBy: 'r.line',
          ...query,
        })
      },
    }),
  ]
}
