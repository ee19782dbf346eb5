'use server'

import { updateTag } from 'next/cache'
import { memberOf, requireMember } from 'partywall/next'
import { addNote as add, everywhere } from './notes.js'
import { tenancy, tenantAction, tenantCacheKey } from './tenancy.js'

export const addMark = tenantAction(async (form) => {
  const seen = await everywhere()
  await tenancy.pool.query('insert into marks (body) values ($1)', [`${form.get('body')}: ${seen.slice(0, 4).join(', ')}`])
})

export const addNote = tenantAction(async (form) => {
  await add(form.get('body'))
  updateTag(tenantCacheKey('notes'))
})

export const addAsMember = tenantAction(
  requireMember({ can: 'notes.write' }, async (form) => add(`${form.get('body')} by ${memberOf().userId}`)),
)
