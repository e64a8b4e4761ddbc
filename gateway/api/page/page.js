"use strict";

// Swagger UI 4 reads OpenAPI 3.0. Our document is 3.1 and uses two things that 3.0 writes otherwise: the version, and "null" as
// one of several types.
function asOpenApi30(text) {
  return text
    .replace(/^openapi: .*$/m, "openapi: 3.0.3")
    .replace(/type: \[(\w+), "null"\]/g, "type: $1");
}

const DOCUMENT = "/openapi.yaml";

window.addEventListener("DOMContentLoaded", () => {
  window.ui = SwaggerUIBundle({
    url: DOCUMENT,
    dom_id: "#api",
    deepLinking: true,
    displayRequestDuration: true,
    docExpansion: "list",
    defaultModelsExpandDepth: 0,
    validatorUrl: null,
    responseInterceptor: (answer) => {
      if (answer.url.endsWith(DOCUMENT)) answer.text = asOpenApi30(answer.text);
      return answer;
    },
  });
});
