'use server'
import { revalidatePath } from 'next/cache'
import { api } from '../server.ts'
import { titleOf } from '../title.ts'

export const addProject = api.tenantAction(async (form: FormData) => {
  const title = titleOf({ title: form.get('title') })
  if (title !== undefined) await api.projects.add(title)
  revalidatePath('/')
})
