"""Bookings over HTTP."""

# Its libraries are not there where Matron's types are checked.
# mypy: ignore-errors
from __future__ import annotations

from hospital.booking import book
from hospital.models import Category, Token
from rest_framework import serializers
from rest_framework.request import Request
from rest_framework.response import Response
from rest_framework.views import APIView


class BookingSerializer(serializers.Serializer):
    slot_id = serializers.UUIDField()
    patient_id = serializers.UUIDField()
    category = serializers.ChoiceField(choices=Category.choices)


class TokenSerializer(serializers.ModelSerializer):
    class Meta:
        model = Token
        fields = ("id", "number", "status")


class TokensView(APIView):
    def post(self, request: Request) -> Response:
        asked = BookingSerializer(data=request.data)
        asked.is_valid(raise_exception=True)
        wanted = asked.validated_data
        token = book(wanted["slot_id"], wanted["patient_id"], Category(wanted["category"]))
        return Response(TokenSerializer(token).data, status=201)
