import { api } from '../server.ts'
import { addProject } from './actions.ts'

export default async function Page() {
  const { tenant, projects } = await api.withTenant(async (current) => ({
    tenant: current.name,
    projects: await api.projects.list(),
  }))
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
