/** A health check: 503 while the database is away. */
import { healthAnswer } from 'partywall/http'
import { api } from '../../server.ts'

export const dynamic = 'force-dynamic'

export async function GET(): Promise<Response> {
  const { body, ...init } = await healthAnswer(api.tenancy)
  return new Response(body, init)
}
