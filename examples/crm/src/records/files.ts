import { randomUUID } from 'node:crypto'
import { extname } from 'node:path'
import { pipeline } from 'node:stream/promises'
import { memberOf } from 'partywall/express'
import { fileName } from 'partywall/files'
import { z } from 'zod'
import { invalidRequest, notFound } from '../api/problems.ts'
import { receiveFile, type ReceivedFile } from '../api/receive-file.ts'
import { route, type ApiRoute } from '../api/route.ts'
import { aboutQuery, idParam } from '../api/schemas/common.ts'
import { file, filePage, fileQuery, mostFileBytes } from '../api/schemas/files.ts'
import type { Parts } from '../parts.ts'
import { inTransaction } from '../transaction.ts'
import { noteActivity } from './activity.ts'
import { recordRoutes } from './record-routes.ts'
import { aboutWhere, Where } from './where.ts'

const select = `r.id, r.name, r.size::float8 as size, r.content_type as "contentType", r.customer_id as "customerId", r.lead_id as "leadId",
  r.project_id as "projectId", r.uploaded_by_id as "uploadedById", u.name as "uploadedByName", r.created_at as "createdAt"`
const from = 'files r left join "user" u on u.id = r.uploaded_by_id'
const fields = z.object(aboutQuery)

interface Stored {
  readonly name: string
  readonly stored_as: string
}

/** The row says what a file is about; its bytes are in the store, under a name that no one has chosen. */
export function fileRoutes(parts: Pick<Parts, 'tenancy' | 'files'>): ApiRoute[] {
  const { tenancy, files } = parts
  const { list, read } = recordRoutes(parts, {
    kind: 'file',
    path: '/api/files',
    table: 'files',
    select,
    from,
    title: 'name',
    columns: {},
    schemas: { query: fileQuery, page: filePage, one: file, create: z.never(), change: z.never() },
    where: (query: z.output<typeof fileQuery>) => aboutWhere(new Where(), query),
    orderBy: () => 'r.id desc',
  })

  const store = async (received: ReceivedFile, userId: string): Promise<unknown> => {
    const { data, error } = fields.safeParse(received.fields)
    if (error !== undefined) throw invalidRequest(error)
    const name = fileName(received.name)
    const storedAs = `files/${randomUUID()}${/^\.[a-z0-9]{1,10}$/i.test(extname(name)) ? extname(name).toLowerCase() : ''}`
    const { size, contentType } = await files.put(storedAs, received.stream)
    try {
      return await inTransaction(tenancy.pool, async (client) => {
        const { rows } = await client.query<{ id: number }>(
          `insert into files (name, stored_as, size, content_type, customer_id, lead_id, project_id, uploaded_by_id)
           values ($1, $2, $3, $4, $5, $6, $7, $8) returning id`,
          [name, storedAs, size, contentType, data.customerId ?? null, data.leadId ?? null, data.projectId ?? null, userId],
        )
        const { id } = rows[0]!
        await noteActivity(client, { userId, action: 'created', kind: 'file', objectId: id, title: name })
        return (await client.query(`select ${select} from ${from} where r.id = $1`, [id])).rows[0]
      })
    } catch (failure) {
      await files.delete(storedAs)
      throw failure
    }
  }

  return [
    list,
    route({
      method: 'post',
      path: '/api/files',
      side: 'tenant',
      rule: 'member',
      summary: 'Uploads a file',
      upload: 'The fields customerId, leadId and projectId first, then one file.',
      answer: file,
      status: 201,
      handle: ({ req }) => receiveFile(req, mostFileBytes, (received) => store(received, memberOf(req).userId)),
    }),
    read,
    route({
      method: 'get',
      path: '/api/files/:id/content',
      side: 'tenant',
      rule: 'member',
      summary: 'The bytes of a file',
      params: idParam,
      handle: async ({ params, res }) => {
        const { rows } = await tenancy.pool.query<Stored>('select name, stored_as from files where id = $1', [params.id])
        const content = rows[0] === undefined ? undefined : await files.get(rows[0].stored_as)
        if (content === undefined) throw notFound()
        // Saved and never shown: a page that was uploaded must not be a page of this app.
        res.attachment(rows[0]!.name).type('application/octet-stream')
        res.set({
          'content-length': String(content.size),
          'content-security-policy': 'sandbox',
          'cache-control': 'private, no-store',
        })
        await pipeline(content.body, res)
      },
    }),
    route({
      method: 'delete',
      path: '/api/files/:id',
      side: 'tenant',
      rule: { can: 'records.delete' },
      summary: 'Deletes a file',
      params: idParam,
      handle: async ({ params, req }) => {
        const storedAs = await inTransaction(tenancy.pool, async (client) => {
          const { rows } = await client.query<Stored>('delete from files where id = $1 returning name, stored_as', [params.id])
          if (rows[0] === undefined) throw notFound()
          await noteActivity(client, {
            userId: memberOf(req).userId,
            action: 'deleted',
            kind: 'file',
            objectId: params.id,
            title: rows[0].name,
          })
          return rows[0].stored_as
        })
        await files.delete(storedAs)
      },
    }),
  ]
}
