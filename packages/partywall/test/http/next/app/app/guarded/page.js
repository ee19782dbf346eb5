/** Knows nothing of tenants: the proxy stands in front of it. */
export default function Page() {
  return <p>reached</p>
}
