'use server'
import { revalidatePath } from 'next/cache'
import { requireMember } from 'partywall/next'
import { api } from '../server.ts'
import { titleOf } from '../title.ts'

/** An action is an address that every client can call, so it asks who calls it. */
export const addProject = api.tenantAction(
  requireMember({}, async (form: FormData) => {
    const title = titleOf({ title: form.get('title') })
    if (title !== undefined) await api.projects.add(title)
    revalidatePath('/')
  }),
)
