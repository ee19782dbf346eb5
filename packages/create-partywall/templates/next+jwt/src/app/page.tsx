import { api } from '../server.ts'

export default async function Page() {
  const name = await api.withTenant((tenant) => tenant.name)
  return (
    <main>
      <h1>{name}</h1>
      <p>The API of this tenant is at /api/projects. README.md has requests to try.</p>
    </main>
  )
}
