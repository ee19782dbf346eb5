import { headers } from 'next/headers'
import { api } from '../server.ts'
import { addProject } from './actions.ts'
import { SignIn } from './sign-in.tsx'

export default async function Page() {
  const { tenant, projects } = await api.withTenant(async (current) => ({
    tenant: current.name,
    projects: await projectsForMember(),
  }))
  if (projects === undefined) {
    return (
      <main>
        <h1>{tenant}</h1>
        <SignIn />
      </main>
    )
  }
  return (
    <main>
      <h1>{tenant}</h1>
      <ul>
        {projects.map(({ id, title }) => (
          <li key={id}>{title}</li>
        ))}
      </ul>
      <form action={addProject}>
        <label>
          New project <input name="title" required maxLength={200} />
        </label>
        <button>Add</button>
      </form>
    </main>
  )
}

/** Undefined where the visitor is not signed in, or is no member. */
async function projectsForMember() {
  const userId = await api.auth.userOf({ headers: await headers() })
  if (userId === undefined || !(await api.tenancy.members.has(api.tenancy.current(), userId))) return undefined
  return api.projects.list()
}
