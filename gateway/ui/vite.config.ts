import { defineConfig } from "vite";

// The gateway answers with `default-src 'self'`: nothing is inlined, nothing comes from elsewhere.
export default defineConfig({
  build: { target: "es2022", assetsInlineLimit: 0, modulePreload: { polyfill: false }, reportCompressedSize: false },
  server: { host: "127.0.0.1", proxy: { "/api": "http://127.0.0.1:8080", "/docs": "http://127.0.0.1:8080" } },
});
