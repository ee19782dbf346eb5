import { after } from 'next/server'
import { addNote, everywhere } from '../../../lib/notes.js'
import { tenantRoute } from '../../../lib/tenancy.js'

export const POST = tenantRoute(() => {
  after(async () => addNote(`after: ${(await everywhere()).slice(0, 4).join(', ')}`))
  return new Response(null, { status: 202 })
})
